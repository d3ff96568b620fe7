import type { ArraySpec } from '../spec/field-spec.js'
import { elementParts, NUMERIC_TYPES, type NumericType } from '../spec/numeric-type.js'
import { type Accessor, type FieldContext, refuse } from './flyweight.js'
import { isViewable, numericView, storeNumbers } from './numeric-view.js'

/** A fixed number of elements inside of the block. */
export function arrayAccessor(spec: ArraySpec, at: number, context: FieldContext, isWritten: boolean): Accessor {
  const { element, length } = spec
  const isOptional = spec.optional === true
  const { type, perElement } = elementParts(element)
  const nullValue = nullValueOf(type, spec.nullValue)
  // Made when it is needed: a registry's file may say any length.
  const nulls = () => new Array(length * perElement).fill(nullValue)
  return {
    get() {
      const from = this['~place'].base + at
      if (isWritten && !isViewable(this['~place'].view, from, element, context.little))
        refuse(context, undefined, 'an aligned target; assign the whole array instead')
      const values = numericView(this['~place'].view, from, length, element, context.little)
      return isOptional && !isWritten && isNullArray(values, nullValue) ? undefined : values
    },
    set(values: ArrayLike<number | bigint> | undefined) {
      // As a number that is the null value: stored, it would read as absent. NaN is stored, as in a single float.
      if (isOptional && isArrayLike(values) && isNullArray(values, nullValue) && !Number.isNaN(nullValue))
        refuse(context, values, `numbers that are not all the null value ${nullValue}`)
      const given = values === undefined && isOptional ? nulls() : (values as ArrayLike<number>)
      storeNumbers({ view: this['~place'].view, at: this['~place'].base + at, count: length }, given, element, context)
    },
  }
}

function nullValueOf(type: NumericType, text: string | undefined): number | bigint {
  const { nullValue, isBig } = NUMERIC_TYPES[type]
  if (text === undefined) return nullValue
  return isBig ? BigInt(text) : Number(text)
}

/** An optional array is absent when every element is null. */
function isNullArray(values: ArrayLike<unknown>, nullValue: number | bigint): boolean {
  for (let index = 0; index < values.length; index++) if (!Object.is(values[index], nullValue)) return false
  return true
}

function isArrayLike(values: unknown): values is ArrayLike<unknown> {
  return typeof values === 'object' && values !== null && 'length' in values && typeof values.length === 'number'
}
