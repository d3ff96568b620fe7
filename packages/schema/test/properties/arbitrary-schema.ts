import {
  array,
  ascii,
  bool,
  bytes,
  complex,
  decimal,
  enumOf,
  type Field,
  f32,
  f64,
  flags,
  i8,
  i16,
  i32,
  i64,
  list,
  matrix,
  quantized,
  timestampNs,
  u8,
  u16,
  u32,
  u64,
  utf8,
  vector,
} from '@chronicle-ts/schema'
import * as fc from 'fast-check'

/** A field with values that it takes, in the form that reading gives them back. */
export interface SampleField {
  // biome-ignore lint/suspicious/noExplicitAny: any kind of field
  readonly field: Field<any>
  readonly values: fc.Arbitrary<unknown>
  /** Whether it has a fixed size, so that items of lists and SBE can have it. */
  readonly isFixed: boolean
}

const float = (nan: boolean) => fc.double({ noNaN: !nan })
const single = (nan: boolean) => fc.float({ noNaN: !nan })
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789 -.'
const asciiText = (maxLength: number) => fc.string({ unit: fc.constantFrom(...LETTERS), maxLength })

/** Samples without null; `isOptional` leaves out the null values themselves. */
function fixedSamples(isOptional: boolean): SampleField[] {
  const sample = (field: SampleField['field'], values: fc.Arbitrary<unknown>): SampleField => ({ field, values, isFixed: true })
  const less = isOptional ? 1 : 0
  return [
    sample(u8(), fc.integer({ min: 0, max: 0xff - less })),
    sample(i8(), fc.integer({ min: -0x80 + less, max: 0x7f })),
    sample(u16(), fc.integer({ min: 0, max: 0xffff - less })),
    sample(i16(), fc.integer({ min: -0x8000 + less, max: 0x7fff })),
    sample(u32(), fc.integer({ min: 0, max: 0xffff_ffff - less })),
    sample(i32(), fc.integer({ min: -0x8000_0000 + less, max: 0x7fff_ffff })),
    sample(u64(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n - BigInt(less) })),
    sample(i64(), fc.bigInt({ min: -(2n ** 63n) + BigInt(less), max: 2n ** 63n - 1n })),
    sample(u64().number(), fc.maxSafeNat()),
    sample(i64().number(), fc.maxSafeInteger()),
    sample(f32(), single(!isOptional)),
    sample(f64(), float(!isOptional)),
    sample(bool(), fc.boolean()),
    sample(timestampNs(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n - BigInt(less) })),
    sample(enumOf({ buy: 0, sell: 1, cross: 7 }), fc.constantFrom('buy', 'sell', 'cross')),
    sample(enumOf({ low: 256, high: 65_000 }, { type: 'u16' }), fc.constantFrom('low', 'high')),
    sample(decimal(3), fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map(decimalText)),
    sample(complex('f64'), fc.record({ re: float(false), im: float(false) })),
    sample(complex('f32'), fc.record({ re: single(false), im: single(false) })),
    sample(
      ascii(7),
      asciiText(7).filter((text) => !isOptional || text !== ''),
    ),
    sample(array('u16', 3), fc.uint16Array({ minLength: 3, maxLength: 3, max: 0xffff - less })),
    sample(array('f64', 2), fc.float64Array({ minLength: 2, maxLength: 2, noNaN: isOptional })),
    sample(array('i64', 2), fc.bigInt64Array({ minLength: 2, maxLength: 2, min: -(2n ** 63n) + BigInt(less) })),
  ]
}

function decimalText(mantissa: bigint): string {
  const sign = mantissa < 0n ? '-' : ''
  const digits = (mantissa < 0n ? -mantissa : mantissa).toString().padStart(4, '0')
  const fraction = digits.slice(-3).replace(/0+$/, '')
  return `${sign}${digits.slice(0, -3)}${fraction === '' ? '' : `.${fraction}`}`
}

const flagSample: SampleField = { field: flags(['a', 'b', 'i']), values: fc.subarray(['a', 'b', 'i']), isFixed: true }

function slotSamples(): SampleField[] {
  const sample = (field: SampleField['field'], values: fc.Arbitrary<unknown>): SampleField => ({ field, values, isFixed: false })
  const item = { price: f64(), count: u16(), side: enumOf({ buy: 0, sell: 1 }), tag: ascii(3) }
  const quantizedValue = fc.record({
    scale: fc.float({ noNaN: true, min: Math.fround(0.001), max: 10 }),
    zeroPoint: fc.integer({ min: -128, max: 127 }),
    values: fc.int8Array({ minLength: 1, maxLength: 9 }),
  })
  return [
    sample(utf8(), fc.string({ unit: 'binary', maxLength: 20 })),
    sample(bytes(), fc.uint8Array({ maxLength: 20 })),
    sample(vector('f64'), fc.float64Array({ maxLength: 5 })),
    sample(vector('u8'), fc.uint8Array({ maxLength: 9 })),
    sample(vector('u64'), fc.bigUint64Array({ maxLength: 4 })),
    sample(
      vector('c64'),
      fc.integer({ min: 0, max: 3 }).chain((count) => fc.float32Array({ minLength: 2 * count, maxLength: 2 * count })),
    ),
    sample(
      matrix('f32', 2, 3),
      fc.float32Array({ minLength: 6, maxLength: 6 }).map((data) => ({ rows: 2, columns: 3, data })),
    ),
    sample(quantized('i8'), quantizedValue),
    sample(
      list(item),
      fc.array(
        fc.record({
          price: float(true),
          count: fc.integer({ min: 0, max: 0xffff }),
          side: fc.constantFrom('buy', 'sell'),
          tag: asciiText(3),
        }),
        { maxLength: 4 },
      ),
    ),
  ]
}

export interface SampleSchema {
  // biome-ignore lint/suspicious/noExplicitAny: any kind of field
  readonly fields: Record<string, Field<any>>
  readonly values: fc.Arbitrary<Record<string, unknown>>
}

/** Fields with names `<prefix>0`, `<prefix>1`, ...; some can be absent. */
export function arbitraryFields(
  prefix: string,
  options: { readonly fixedOnly?: boolean; readonly isLater?: boolean } = {},
): fc.Arbitrary<SampleSchema> {
  const { fixedOnly = false, isLater = false } = options
  const required = [...fixedSamples(false), flagSample, ...(fixedOnly ? [] : slotSamples())]
  const optional = [...fixedSamples(true), ...(fixedOnly ? [] : slotSamples())]
  const asOptional = ({ field, values }: SampleField) => ({
    field: isLater ? field : field.optional(),
    values: fc.option(values, { nil: undefined, freq: 3 }),
  })
  const one = isLater
    ? fc.oneof(fc.constantFrom(...optional).map(asOptional), fc.constant(flagSample))
    : fc.oneof(fc.constantFrom(...required), fc.constantFrom(...optional).map(asOptional))
  return fc.array(one, { maxLength: 8 }).map((samples) => {
    const named = samples.map((sample, index) => [`${prefix}${index}`, sample] as const)
    const values = fc.record(Object.fromEntries(named.map(([name, sample]) => [name, sample.values])))
    return {
      fields: Object.fromEntries(named.map(([name, { field }]) => [name, field])),
      values: values.map((value) => Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined))),
    }
  })
}
