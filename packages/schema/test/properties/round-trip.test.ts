import {
  encodeSchema,
  fromSbe,
  message,
  messageFromDescription,
  parseSchema,
  SBE_HEADER_LENGTH,
  toSbe,
  writeSbeHeader,
} from '@chronicle-ts/schema'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { arbitraryFields } from './arbitrary-schema.js'

/** A schema of two versions with a value of it. */
const sample = fc.tuple(arbitraryFields('a'), arbitraryFields('b', { isLater: true })).chain(([first, later]) =>
  fc.tuple(first.values, later.values).map(([one, two]) => ({
    type: message('Any', 1, first.fields).since(3, later.fields),
    base: message('Any', 1, first.fields),
    one,
    two,
  })),
)

it('any value of any schema comes back as it was written', () => {
  fc.assert(
    fc.property(sample, ({ type, one, two }) => {
      const value = { ...one, ...two }
      expect(type.decode(type.encode(value), 3)).toEqual(value)
    }),
    { numRuns: amount({ short: 100, long: 400 }) },
  )
})

it('any value of any schema comes back through a target at any place, which it does not leave', () => {
  fc.assert(
    fc.property(sample, fc.integer({ min: 0, max: 40 }), ({ type, one, two }, words) => {
      const encoder = type.encoder()
      const length = encoder.prepare({ ...one, ...two })
      const target = new Uint8Array(words * 8 + length + 16).fill(0xdb)
      encoder.write(new DataView(target.buffer), words * 8)
      expect(target.subarray(words * 8, words * 8 + length)).toEqual(type.encode({ ...one, ...two }))
      expect(target.subarray(0, words * 8).every((byte) => byte === 0xdb)).toBe(true)
      expect(target.subarray(words * 8 + length).every((byte) => byte === 0xdb)).toBe(true)
    }),
    { numRuns: amount({ short: 38, long: 150 }) },
  )
})

it('what an older program wrote is read by a newer one, and what a newer one wrote by an older one', () => {
  fc.assert(
    fc.property(sample, ({ type, base, one, two }) => {
      const flagsOfLater = Object.fromEntries(
        Object.entries(type.decode(base.encode(one), 1)).filter(([name]) => name.startsWith('b')),
      )
      expect(flagsOfLater).toEqual({})
      expect(type.decode(base.encode(one), 1)).toEqual(one)
      expect(base.decode(type.encode({ ...one, ...two }), 3)).toEqual(one)
    }),
    { numRuns: amount({ short: 50, long: 200 }) },
  )
})

it('a type that was made of its registry file reads and writes the same bytes', () => {
  fc.assert(
    fc.property(sample, ({ type, one, two }) => {
      const value = { ...one, ...two }
      const again = messageFromDescription(parseSchema(encodeSchema(type.description)))
      expect(again.fingerprint).toBe(type.fingerprint)
      expect(again.encode(value)).toEqual(type.encode(value))
      expect(again.decode(type.encode(value), 3)).toEqual(value)
    }),
    { numRuns: amount({ short: 38, long: 150 }) },
  )
})

it('any schema of fixed fields, with a header in front, is what SBE says that it is', () => {
  const fixed = fc
    .tuple(arbitraryFields('a', { fixedOnly: true }), arbitraryFields('b', { fixedOnly: true, isLater: true }))
    .chain(([first, later]) =>
      fc
        .tuple(first.values, later.values)
        .map(([one, two]) => ({ type: message('Any', 1, first.fields).since(2, later.fields), value: { ...one, ...two } })),
    )
  fc.assert(
    fc.property(fixed, ({ type, value }) => {
      const schema = fromSbe(toSbe([type], { package: 'test', id: 77 }))
      const sbe = schema.messages['Any']
      const payload = type.encode(value)
      const bytes = new Uint8Array(SBE_HEADER_LENGTH + payload.length)
      writeSbeHeader(new DataView(bytes.buffer), 0, { type, schemaId: 77 })
      bytes.set(payload, SBE_HEADER_LENGTH)
      const decoded = sbe?.decode(bytes)
      for (const [name, item] of Object.entries(value)) expect(plain(decoded?.[name]), name).toEqual(plain(item))
      expect(Object.keys(decoded ?? {}).sort()).toEqual(expect.arrayContaining(Object.keys(value)))
    }),
    { numRuns: amount({ short: 50, long: 200 }) },
  )
})

/** What both forms of a value have in common: SBE has neither booleans, nor decimals, nor numbers of 64 bits. */
function plain(value: unknown): unknown {
  if (value === true || value === 'T') return 'true'
  if (value === false || value === 'F') return 'false'
  if (typeof value === 'number' && Number.isInteger(value)) return String(BigInt(value))
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return String(Number(value))
  if (typeof value === 'object' && value !== null && 'mantissa' in value) return String(Number(value.mantissa) / 1000)
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain)
  return value
}
