import type { NumberSpec } from '../spec/field-spec.js'
import { NUMERIC_TYPES, type NumericType } from '../spec/numeric-type.js'
import { type Accessor, badMessage, type FieldContext, type Flyweight, refuse } from './flyweight.js'

type Getter = (this: Flyweight) => number | bigint
// biome-ignore lint/suspicious/noExplicitAny: the value was checked
type Setter = (this: Flyweight, value: any) => void

/** Each closure names its own `DataView` method: one that took the method from a variable would not be compiled to a load. */
export function numberGetter(type: NumericType, at: number, little: boolean): Getter {
  const getters: Record<NumericType, Getter> = {
    u8(this: Flyweight) {
      return this['~place'].getUint8(at)
    },
    i8(this: Flyweight) {
      return this['~place'].getInt8(at)
    },
    u16(this: Flyweight) {
      return this['~place'].getUint16(at, little)
    },
    i16(this: Flyweight) {
      return this['~place'].getInt16(at, little)
    },
    u32(this: Flyweight) {
      return this['~place'].getUint32(at, little)
    },
    i32(this: Flyweight) {
      return this['~place'].getInt32(at, little)
    },
    u64(this: Flyweight) {
      return this['~place'].getBigUint64(at, little)
    },
    i64(this: Flyweight) {
      return this['~place'].getBigInt64(at, little)
    },
    f32(this: Flyweight) {
      return this['~place'].getFloat32(at, little)
    },
    f64(this: Flyweight) {
      return this['~place'].getFloat64(at, little)
    },
  }
  return getters[type]
}

/** Stores without a check. */
export function numberSetter(type: NumericType, at: number, little: boolean): Setter {
  const setters: Record<NumericType, Setter> = {
    u8(this: Flyweight, value) {
      this['~place'].setUint8(at, value)
    },
    i8(this: Flyweight, value) {
      this['~place'].setInt8(at, value)
    },
    u16(this: Flyweight, value) {
      this['~place'].setUint16(at, value, little)
    },
    i16(this: Flyweight, value) {
      this['~place'].setInt16(at, value, little)
    },
    u32(this: Flyweight, value) {
      this['~place'].setUint32(at, value, little)
    },
    i32(this: Flyweight, value) {
      this['~place'].setInt32(at, value, little)
    },
    u64(this: Flyweight, value) {
      this['~place'].setBigUint64(at, value, little)
    },
    i64(this: Flyweight, value) {
      this['~place'].setBigInt64(at, value, little)
    },
    f32(this: Flyweight, value) {
      this['~place'].setFloat32(at, value, little)
    },
    f64(this: Flyweight, value) {
      this['~place'].setFloat64(at, value, little)
    },
  }
  return setters[type]
}

/**
 * Stores what the type can hold and refuses the rest. Written out per type, so that a store is a comparison and a store, and as short as they can be. The engine compiles so
 * much byte code into one function and no more, and a program sets many fields in a row.
 */
function plainSetter(type: NumericType, at: number, context: FieldContext): Setter {
  const { little } = context
  const { min, max } = NUMERIC_TYPES[type]
  const refuseNumber = (value: unknown) => refuse(context, value, 'a number')
  const refused = (value: unknown) => refuse(context, value, rangeText({ kind: type }, { min, max, nullValue: 0 }))
  const setters: Record<NumericType, Setter> = {
    u8(this: Flyweight, value) {
      if (typeof value !== 'number' || (value & 0xff) !== value) refused(value)
      this['~place'].setUint8(at, value)
    },
    i8(this: Flyweight, value) {
      if (typeof value !== 'number' || (value << 24) >> 24 !== value) refused(value)
      this['~place'].setInt8(at, value)
    },
    u16(this: Flyweight, value) {
      if (typeof value !== 'number' || (value & 0xffff) !== value) refused(value)
      this['~place'].setUint16(at, value, little)
    },
    i16(this: Flyweight, value) {
      if (typeof value !== 'number' || (value << 16) >> 16 !== value) refused(value)
      this['~place'].setInt16(at, value, little)
    },
    u32(this: Flyweight, value) {
      if (typeof value !== 'number' || value >>> 0 !== value) refused(value)
      this['~place'].setUint32(at, value, little)
    },
    i32(this: Flyweight, value) {
      if (typeof value !== 'number' || (value | 0) !== value) refused(value)
      this['~place'].setInt32(at, value, little)
    },
    u64(this: Flyweight, value) {
      if (typeof value !== 'bigint' || value < (min as bigint) || value > (max as bigint)) refused(value)
      this['~place'].setBigUint64(at, value, little)
    },
    i64(this: Flyweight, value) {
      if (typeof value !== 'bigint' || value < (min as bigint) || value > (max as bigint)) refused(value)
      this['~place'].setBigInt64(at, value, little)
    },
    f32(this: Flyweight, value) {
      if (typeof value !== 'number') refuseNumber(value)
      if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) refuse(context, value, 'a number that fits into an f32')
      this['~place'].setFloat32(at, value, little)
    },
    f64(this: Flyweight, value) {
      if (typeof value !== 'number') refuseNumber(value)
      this['~place'].setFloat64(at, value, little)
    },
  }
  return setters[type]
}

/** A number, or the bigint of a 64-bit integer. */
export function numberAccessor(spec: NumberSpec, at: number, context: FieldContext): Accessor {
  const limits = limitsOf(spec)
  if (spec.asNumber) return wideNumberAccessor(spec, limits, at, context)
  const get = numberGetter(spec.kind, at, context.little)
  const isPlain = spec.min === undefined && spec.max === undefined && !spec.optional
  if (isPlain) return { get, set: plainSetter(spec.kind, at, context) }
  const store = checkedSetter(spec, limits, numberSetter(spec.kind, at, context.little), context)
  if (!spec.optional) return { get, set: store }
  return {
    get: nullableGetter(get, limits.nullValue),
    set: nullableSetter(store, numberSetter(spec.kind, at, context.little), limits.nullValue),
  }
}

interface Limits {
  readonly min: number | bigint
  readonly max: number | bigint
  readonly nullValue: number | bigint
}

function limitsOf(spec: NumberSpec): Limits {
  const { min, max, nullValue, isBig } = NUMERIC_TYPES[spec.kind]
  const parse = (text: string) => (isBig ? BigInt(text) : Number(text))
  return {
    min: spec.min === undefined ? min : parse(spec.min),
    max: spec.max === undefined ? max : parse(spec.max),
    nullValue: spec.nullValue === undefined ? nullValue : parse(spec.nullValue),
  }
}

function checkedSetter(spec: NumberSpec, { min, max, nullValue }: Limits, store: Setter, context: FieldContext): Setter {
  const forbidden = spec.optional ? nullValue : undefined
  const expected = rangeText(spec, { min, max, nullValue })
  if (spec.kind === 'f64' || spec.kind === 'f32') return floatSetter(spec, { min, max, nullValue }, store, context)
  if (typeof min === 'bigint')
    return function (value: unknown) {
      if (typeof value !== 'bigint' || value < min || value > max || value === forbidden) refuse(context, value, expected)
      store.call(this, value)
    }
  return function (value: unknown) {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max || value === forbidden)
      refuse(context, value, expected)
    store.call(this, value)
  }
}

/** A float takes every number; an `f32` refuses what it would make infinite, and rounds. */
function floatSetter(spec: NumberSpec, { min, max }: Limits, store: Setter, context: FieldContext): Setter {
  const isSingle = spec.kind === 'f32'
  const isNarrow = spec.min !== undefined || spec.max !== undefined
  return function (value: unknown) {
    if (typeof value !== 'number') refuse(context, value, 'a number')
    if (isSingle && Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
      refuse(context, value, 'a number that fits into an f32')
    if (isNarrow && !(value >= (min as number) && value <= (max as number)))
      refuse(context, value, `a number of ${min} to ${max}`)
    store.call(this, value)
  }
}

function rangeText(spec: NumberSpec, { min, max, nullValue }: Limits): string {
  const what = typeof min === 'bigint' ? 'a bigint' : 'an integer'
  return `${what} of ${min} to ${max}${spec.optional ? `, not the null value ${nullValue}` : ''}`
}

/** A 64-bit integer as a number, made of two halves, because a bigint would cost twice as much. */
function wideNumberAccessor(spec: NumberSpec, limits: Limits, at: number, context: FieldContext): Accessor {
  const { little } = context
  const [low, high] = little ? [at, at + 4] : [at + 4, at]
  const isSigned = spec.kind === 'i64'
  const min = Math.max(Number(limits.min), Number.MIN_SAFE_INTEGER)
  const max = Math.min(Number(limits.max), Number.MAX_SAFE_INTEGER)
  const nullHigh = Number(BigInt.asUintN(32, BigInt(limits.nullValue) >> 32n))
  const nullLow = Number(BigInt.asUintN(32, BigInt(limits.nullValue)))
  const isOptional = spec.optional === true
  const forbidden = isOptional ? Number(limits.nullValue) : Number.NaN
  const refused = (value: unknown) => refuse(context, value, `a safe integer of ${min} to ${max}`)
  const store: Setter = function (value) {
    if (!(Number.isSafeInteger(value) && value >= min && value <= max) || value === forbidden) refused(value)
    const place = this['~place']
    place.setUint32(low, value, little)
    place.setUint32(high, Math.floor(value / 0x1_0000_0000), little)
  }
  const storeNull: Setter = function () {
    const place = this['~place']
    place.setUint32(low, nullLow, little)
    place.setUint32(high, nullHigh, little)
  }
  return {
    get() {
      const view = this['~place'].view
      const base = this['~place'].base
      const lowWord = view.getUint32(base + low, little)
      const highWord = view.getUint32(base + high, little)
      if (isOptional && highWord === nullHigh && lowWord === nullLow) return undefined
      const value = (isSigned ? highWord | 0 : highWord) * 0x1_0000_0000 + lowWord
      if (!Number.isSafeInteger(value)) badMessage(context, 'a value that a number cannot hold exactly')
      return value
    },
    set: isOptional ? nullableSetter(store, storeNull, 0) : store,
  }
}

function nullableGetter(get: Getter, nullValue: number | bigint): (this: Flyweight) => number | bigint | undefined {
  if (Number.isNaN(nullValue))
    return function () {
      const value = get.call(this)
      return Number.isNaN(value) ? undefined : value
    }
  return function () {
    const value = get.call(this)
    return value === nullValue ? undefined : value
  }
}

function nullableSetter(store: Setter, storeNull: Setter, nullValue: number | bigint): Setter {
  return function (value: unknown) {
    if (value === undefined) storeNull.call(this, nullValue)
    else store.call(this, value)
  }
}
