import { type AnyMessageType, isSchemaError, message } from '@chronicle-ts/schema'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { oracleBytes, oracleSchema } from '../oracles/oracle-files.js'
import { arbitraryFields } from './arbitrary-schema.js'

const FENCE = 64

/**
 * Reads everything that a payload holds. Returns the values, or the code of the error; any other error fails the test. The payload stands between
 * fences: when a byte of a fence could show in the values, two different fences would give two different results.
 */
function readAll(type: AnyMessageType, payload: Uint8Array, version: number): unknown {
  const results = [0x00, 0xff].map((fence) => {
    const bytes = new Uint8Array(payload.length + 2 * FENCE).fill(fence)
    bytes.set(payload, FENCE)
    return readBetween(type, bytes, payload.length, version)
  })
  expect(results[0]).toEqual(results[1])
  return results[0]
}

function readBetween(type: AnyMessageType, bytes: Uint8Array, length: number, version: number): unknown {
  try {
    const reader = type.reader()
    reader.wrap(new DataView(bytes.buffer), FENCE, length, version)
    return reader.value()
  } catch (error) {
    if (isSchemaError(error, 'ERR_BAD_MESSAGE')) return error.code
    throw error
  }
}

it('any bytes give values or ERR_BAD_MESSAGE, and never a byte that is not of the payload', () => {
  const schema = fc.tuple(arbitraryFields('a'), arbitraryFields('b', { isLater: true }))
  fc.assert(
    fc.property(
      schema,
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 0, max: 255 }),
      ([first, later], payload, version) => {
        readAll(message('Any', 1, first.fields).since(2, later.fields), payload, version)
      },
    ),
    { numRuns: amount({ short: 100, long: 400 }) },
  )
})

it('a good message with some bytes changed gives values or ERR_BAD_MESSAGE', () => {
  const sample = arbitraryFields('a').chain(({ fields, values }) =>
    values.map((value) => ({ type: message('Any', 1, fields), value })),
  )
  const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(sample, fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(), ({ type, value }, changes, cut) => {
      const bytes = type.encode(value)
      for (const { at, byte } of changes) bytes[at % Math.max(bytes.length, 1)] = byte
      readAll(type, bytes, 1)
      readAll(type, bytes.subarray(0, cut % (bytes.length + 1)), 1)
    }),
    { numRuns: amount({ short: 100, long: 400 }) },
  )
})

it("SBE's car with some bytes changed gives values or ERR_BAD_MESSAGE", () => {
  const cars = ['example-schema.xml', 'example-extension-schema.xml'].map(
    (name) => oracleSchema(name).messages['Car'] as AnyMessageType,
  )
  const good = oracleBytes('sbe/car_example_baseline_data.sbe')
  // Small numbers are counts and lengths that lead somewhere.
  const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 2, 255))
  const change = fc.record({ at: fc.nat({ max: good.length - 1 }), byte })
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 8 }),
      fc.integer({ min: 0, max: good.length }),
      fc.boolean(),
      (changes, length, isCut) => {
        const bytes = Uint8Array.from(good)
        for (const { at, byte: value } of changes) bytes[at] = value
        for (const car of cars) readAll(car, isCut ? bytes.subarray(0, length) : bytes, 1)
      },
    ),
    { numRuns: amount({ short: 100, long: 400 }) },
  )
})
