/** The machine's numbers. 64-bit integers are bigints, all others are numbers. */
export type NumericType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32' | 'f64'

export type IntegerType = Exclude<NumericType, 'f32' | 'f64'>
export type FloatType = 'f32' | 'f64'

/** Elements of vectors and matrices: numbers, and complex numbers as pairs (real, imaginary) of `f32` (`c64`) or `f64` (`c128`). */
export type ElementType = NumericType | 'c64' | 'c128'

export type NumericArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array

interface NumericTraits {
  /** Bytes, and the alignment. */
  readonly size: number
  readonly min: number | bigint
  readonly max: number | bigint
  /** SBE's null value. For floats it is NaN. */
  readonly nullValue: number | bigint
  readonly isBig: boolean
  readonly arrayOf: (buffer: ArrayBufferLike, offset: number, count: number) => NumericArray
  readonly newArray: (count: number) => NumericArray
}

function traits(
  size: number,
  [min, max, nullValue]: [number | bigint, number | bigint, number | bigint],
  ArrayType: { new (count: number): NumericArray; new (buffer: ArrayBufferLike, offset: number, count: number): NumericArray },
): NumericTraits {
  return {
    size,
    min,
    max,
    nullValue,
    isBig: typeof min === 'bigint',
    arrayOf: (buffer, offset, count) => new ArrayType(buffer, offset, count),
    newArray: (count) => new ArrayType(count),
  }
}

const FLOAT_RANGE: [number, number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN]

export const NUMERIC_TYPES: Readonly<Record<NumericType, NumericTraits>> = {
  u8: traits(1, [0, 0xff, 0xff], Uint8Array),
  i8: traits(1, [-0x80, 0x7f, -0x80], Int8Array),
  u16: traits(2, [0, 0xffff, 0xffff], Uint16Array),
  i16: traits(2, [-0x8000, 0x7fff, -0x8000], Int16Array),
  u32: traits(4, [0, 0xffff_ffff, 0xffff_ffff], Uint32Array),
  i32: traits(4, [-0x8000_0000, 0x7fff_ffff, -0x8000_0000], Int32Array),
  u64: traits(8, [0n, 0xffff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn], BigUint64Array),
  i64: traits(8, [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn, -0x8000_0000_0000_0000n], BigInt64Array),
  f32: traits(4, FLOAT_RANGE, Float32Array),
  f64: traits(8, FLOAT_RANGE, Float64Array),
}

export function isNumericType(type: unknown): type is NumericType {
  return typeof type === 'string' && Object.hasOwn(NUMERIC_TYPES, type)
}

export function isIntegerType(type: unknown): type is IntegerType {
  return isNumericType(type) && type !== 'f32' && type !== 'f64'
}

export function isElementType(type: unknown): type is ElementType {
  return isNumericType(type) || type === 'c64' || type === 'c128'
}

/** The numbers that an element consists of: one, or two for complex elements. */
export function elementParts(element: ElementType): { readonly type: NumericType; readonly perElement: 1 | 2 } {
  if (element === 'c64') return { type: 'f32', perElement: 2 }
  if (element === 'c128') return { type: 'f64', perElement: 2 }
  return { type: element, perElement: 1 }
}

/** Bytes of one element. */
export function elementSize(element: ElementType): number {
  const { type, perElement } = elementParts(element)
  return NUMERIC_TYPES[type].size * perElement
}
