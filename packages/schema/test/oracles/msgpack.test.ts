import { msgpackMessage } from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../support/thrown.js'
import { oracleText } from './oracle-files.js'

type Case = { readonly msgpack: readonly string[] } & Readonly<Record<string, unknown>>

const suite: Readonly<Record<string, readonly Case[]>> = JSON.parse(oracleText('msgpack/msgpack-test-suite.json'))
const message = msgpackMessage<unknown>('Any', 1)

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text === '' ? [] : text.split('-'), (byte) => Number.parseInt(byte, 16))
}

/** The value that a case means; what JavaScript cannot hold in a number is a bigint. */
function valueIn(entry: Case): unknown {
  if (entry['nil'] === null) return null
  if (entry['bignum'] !== undefined) {
    const value = BigInt(entry['bignum'] as string)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (entry['binary'] !== undefined) return bytesOf(entry['binary'] as string)
  return entry['bool'] ?? entry['number'] ?? entry['string'] ?? entry['array'] ?? entry['map']
}

const plain = Object.entries(suite).filter(([group]) => !/timestamp|ext/.test(group))
const cases = plain.flatMap(([group, entries]) => entries.map((entry, index) => [`${group} ${index}`, entry] as const))

describe('msgpack-test-suite', () => {
  it('has all of its groups', () => {
    expect(Object.keys(suite).length).toBe(15)
    expect(cases.length).toBe(59)
  })

  it.each(cases)('%s: decodes every encoding, and encodes to one of them', (_name, entry) => {
    const value = valueIn(entry)
    for (const encoding of entry.msgpack) expect(message.decode(bytesOf(encoding))).toEqual(value)
    const encoded = Buffer.from(message.encode(value))
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1-')
    expect(entry.msgpack).toContain(encoded)
  })

  it('decodes timestamps to dates, which are exact to the millisecond', () => {
    for (const entry of suite['50.timestamp.yaml'] ?? []) {
      const [seconds, nanoseconds] = entry['timestamp'] as [number, number]
      for (const encoding of entry.msgpack) {
        const date = message.decode(bytesOf(encoding)) as Date
        expect(Math.abs(date.getTime() - (seconds * 1000 + nanoseconds / 1e6))).toBeLessThan(1)
      }
    }
  })

  it('refuses extension types that are not known, without harm', () => {
    for (const entry of suite['60.ext.yaml'] ?? [])
      for (const encoding of entry.msgpack) expect(codeOf(() => message.decode(bytesOf(encoding)))).toBe('ERR_BAD_MESSAGE')
  })

  it('refuses every truncated encoding', () => {
    for (const [, entry] of cases) {
      for (const encoding of entry.msgpack) {
        const bytes = bytesOf(encoding)
        for (let length = 0; length < bytes.length; length++)
          expect(codeOf(() => message.decode(bytes.subarray(0, length)))).toBe('ERR_BAD_MESSAGE')
      }
    }
  })
})
