import { checkOptions } from '../errors/check-options.js'
import { InvalidArgumentError } from '../errors/index.js'
import type { Complex, ComplexWriter } from '../flyweight/complex.js'
import type { Decimal, DecimalWriter } from '../flyweight/decimal.js'
import type { Flags, FlagsWriter } from '../flyweight/flags.js'
import type { List } from '../flyweight/list.js'
import type { Quantized, QuantizedInput, QuantizedWriter } from '../flyweight/quantized.js'
import type { Matrix } from '../flyweight/vector-accessor.js'
import { placeFields, strideOf } from '../layout/flat-layout.js'
import { checkFieldName, checkSpec } from '../spec/check-spec.js'
import { type FieldSpec, isSlot } from '../spec/field-spec.js'
import type { ElementType, IntegerType, NumericType } from '../spec/numeric-type.js'
import {
  Field,
  type Fields,
  type FieldTypes,
  type InputOf,
  type ReadBody,
  type ScalarTypes,
  type Shape,
  type ShapeOf,
  type ValueOf,
  WideField,
  type WriteBody,
} from './field.js'

/** An integer of one byte, 0 to 255. */
export const u8 = () => numberField('u8')
/** An integer of one byte, -128 to 127. */
export const i8 = () => numberField('i8')
/** An integer of two bytes, 0 to 65535. */
export const u16 = () => numberField('u16')
/** An integer of two bytes, -32768 to 32767. */
export const i16 = () => numberField('i16')
/** An integer of four bytes, 0 to 2^32 - 1. */
export const u32 = () => numberField('u32')
/** An integer of four bytes, -2^31 to 2^31 - 1. */
export const i32 = () => numberField('i32')
/** An integer of eight bytes, 0 to 2^64 - 1, as a bigint; `u64().number()` as a number. */
export const u64 = () => new WideField({ kind: 'u64' })
/** An integer of eight bytes, -2^63 to 2^63 - 1, as a bigint; `i64().number()` as a number. */
export const i64 = () => new WideField({ kind: 'i64' })
/** A number of four bytes: what is written is rounded to about seven digits. */
export const f32 = () => numberField('f32')
/** A number. */
export const f64 = () => numberField('f64')
/** A boolean, one byte. */
export const bool = () => scalar<boolean>({ kind: 'bool' })
/** Nanoseconds since the Unix epoch, as a bigint. */
export const timestampNs = () => scalar<bigint>({ kind: 'timestampNs' })

/** One of the names of an object that gives each its number: `enumOf({ buy: 0, sell: 1 })`. Members can be added in a later version, never changed. */
export function enumOf<const Members extends Readonly<Record<string, number>>>(
  members: Members,
  options: { readonly type?: Exclude<IntegerType, 'u64' | 'i64'> } = {},
): Field<ScalarTypes<keyof Members & string>> {
  checkOptions(options, { type: true })
  const { type = 'u8' } = options
  return scalar({ kind: 'enum', type, members: { ...members } })
}

/** A set of flags; the names get bits in this order, or those that an object gives them. One to eight bytes, by the highest bit. */
export function flags<const Name extends string>(
  names: readonly Name[] | Readonly<Record<Name, number>>,
): Field<FlagsTypes<Name>> {
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string')
  if (!isList && Object.prototype.toString.call(names) !== '[object Object]')
    throw new InvalidArgumentError({
      argument: 'flags',
      value: names,
      expected: 'an array of names, or an object of bits by name',
    })
  const bits: Record<string, number> = Array.isArray(names)
    ? Object.fromEntries(names.map((name, bit) => [name, bit]))
    : { ...(names as Record<string, number>) }
  if (Array.isArray(names) && new Set(names).size !== names.length)
    throw new InvalidArgumentError({ argument: 'flags', value: names.join(', '), expected: 'different names' })
  return checked({ kind: 'flags', type: typeForBits(Math.max(0, ...Object.values(bits))), bits })
}

export interface FlagsTypes<Name extends string> extends FieldTypes {
  readonly read: Flags<Name>
  readonly write: FlagsWriter<Name>
  readonly value: Name[]
  readonly input: Iterable<Name> | Flags<Name>
  readonly size: never
  readonly optional: false
}

function typeForBits(highest: number): IntegerType {
  if (highest < 8) return 'u8'
  if (highest < 16) return 'u16'
  return highest < 32 ? 'u32' : 'u64'
}

/** A decimal number: a 64-bit mantissa, with so many digits after the point (0 to 18). */
export function decimal(scale: number): Field<DecimalTypes> {
  return checked({ kind: 'decimal', scale })
}

export interface DecimalTypes extends FieldTypes {
  readonly read: Decimal
  readonly write: DecimalWriter
  readonly value: string
  /** The mantissa, or exact text. */
  readonly input: bigint | string | Decimal
  readonly size: never
  readonly optional: false
}

/** A complex number of two `f64`, or of two `f32`. */
export function complex(type: 'f32' | 'f64' = 'f64'): Field<ComplexTypes> {
  return checked({ kind: 'complex', type })
}

export interface ComplexTypes extends FieldTypes {
  readonly read: Complex
  readonly write: ComplexWriter
  readonly value: { re: number; im: number }
  readonly input: Complex
  readonly size: never
  readonly optional: false
}

/** ASCII text of at most so many bytes, inside of the block. */
export function ascii(length: number): Field<ScalarTypes<string>> {
  return scalar({ kind: 'text', length, encoding: 'ascii' })
}

/** Typed array by type of its elements; complex elements are two numbers each. */
export interface ArrayOf {
  u8: Uint8Array
  i8: Int8Array
  u16: Uint16Array
  i16: Int16Array
  u32: Uint32Array
  i32: Int32Array
  u64: BigUint64Array
  i64: BigInt64Array
  f32: Float32Array
  f64: Float64Array
  c64: Float32Array
  c128: Float64Array
}

export interface NumbersTypes<E extends ElementType, Size> extends FieldTypes {
  readonly read: ArrayOf[E]
  readonly write: ArrayOf[E]
  readonly value: ArrayOf[E]
  readonly input: ArrayLike<E extends 'u64' | 'i64' ? bigint : number>
  readonly size: Size
  readonly optional: false
}

/** Exactly so many numbers inside of the block, as a typed array. */
export function array<E extends ElementType>(element: E, length: number): Field<NumbersTypes<E, never>> {
  return checked({ kind: 'array', element, length })
}

/** Any number of numbers, as a typed array over the message. */
export function vector<E extends ElementType>(element: E): Field<NumbersTypes<E, number>> {
  return checked({ kind: 'vector', element })
}

/** Rows of numbers, aligned to a cache line. */
export function matrix<E extends ElementType>(element: E, rows: number, columns: number): Field<MatrixTypes<E>> {
  return checked({ kind: 'matrix', element, rows, columns })
}

export interface MatrixTypes<E extends ElementType> extends FieldTypes {
  readonly read: Matrix<ArrayOf[E]>
  readonly write: Matrix<ArrayOf[E]>
  readonly value: { rows: number; columns: number; data: ArrayOf[E] }
  readonly input:
    | ArrayLike<E extends 'u64' | 'i64' ? bigint : number>
    | { readonly data: ArrayLike<E extends 'u64' | 'i64' ? bigint : number> }
  /** `true` for an optional matrix that the message is to have. */
  readonly size: boolean
  readonly optional: false
}

/** A vector of numbers in one byte each, with a scale (and for `u8` a zero point) per message. */
export function quantized(element: 'i8' | 'u8'): Field<QuantizedTypes> {
  return checked({ kind: 'quantized', element })
}

export interface QuantizedTypes extends FieldTypes {
  readonly read: Quantized
  readonly write: QuantizedWriter
  readonly value: { scale: number; zeroPoint: number; values: Int8Array | Uint8Array }
  readonly input: QuantizedInput
  readonly size: number
  readonly optional: false
}

/** Text of any length, in UTF-8. */
export function utf8(): Field<Utf8Types> {
  return checked({ kind: 'utf8' })
}

export interface Utf8Types extends ScalarTypesBase<string> {
  readonly size: number
}

export interface ScalarTypesBase<V> extends FieldTypes {
  readonly read: V
  readonly write: V
  readonly value: V
  readonly input: V
  readonly optional: false
}

/** Bytes of any length, as a view of the message. */
export function bytes(): Field<BytesTypes> {
  return checked({ kind: 'bytes' })
}

export interface BytesTypes extends ScalarTypesBase<Uint8Array> {
  readonly size: number
}

/** Any number of items with these fields, which are all of a fixed size. The fields of an item can never change. */
export function list<const F extends Fields>(fields: F): Field<ListTypes<ShapeOf<F>>> {
  const specs = specsOf(fields)
  for (const [name, spec] of Object.entries(specs)) {
    if (isSlot(spec))
      throw new InvalidArgumentError({ argument: `list.${name}`, value: spec.kind, expected: 'a field of a fixed size' })
  }
  const placed = placeFields([], specs)
  return checked({ kind: 'list', size: strideOf(placed), fields: placed })
}

export interface ListTypes<S extends Shape> extends FieldTypes {
  readonly read: List<ReadBody<S>>
  readonly write: List<WriteBody<S>>
  readonly value: ValueOf<S>[]
  readonly input: readonly InputOf<S>[]
  readonly size: number
  readonly optional: false
}

/** The specifications of named fields, in order; names that a schema cannot have are refused. */
export function specsOf(fields: Fields): Record<string, FieldSpec> {
  if (Object.prototype.toString.call(fields) !== '[object Object]')
    throw new InvalidArgumentError({ argument: 'fields', value: fields, expected: 'an object of fields' })
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      checkFieldName(name)
      if (!(field instanceof Field))
        throw new InvalidArgumentError({ argument: name, value: field, expected: 'a field, as u32() makes one' })
      return [name, field.spec]
    }),
  )
}

function numberField(kind: Exclude<NumericType, 'u64' | 'i64'>): Field<ScalarTypes<number>> {
  return new Field({ kind })
}

function scalar<V>(spec: FieldSpec): Field<ScalarTypes<V>> {
  return checked(spec)
}

function checked<T extends FieldTypes>(spec: FieldSpec): Field<T> {
  checkSpec(spec, spec.kind)
  return new Field(spec)
}
