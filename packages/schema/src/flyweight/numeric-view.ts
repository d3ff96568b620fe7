import { type ElementType, elementParts, NUMERIC_TYPES, type NumericArray } from '../spec/numeric-type.js'
import { type FieldContext, refuse } from './flyweight.js'

/**
 * A typed array over elements that lie in a message. It is a view where the bytes are aligned and little-endian, as in every message that a queue delivers;
 * otherwise a copy. The engine allows a typed array at multiples of its element's size only.
 */
export function numericView(view: DataView, at: number, count: number, element: ElementType, little: boolean): NumericArray {
  const { type, perElement } = elementParts(element)
  const { size, arrayOf } = NUMERIC_TYPES[type]
  const numbers = count * perElement
  const from = view.byteOffset + at
  if (!little && size > 1) return swappedCopy(view, at, numbers, type)
  if (from % size === 0) return arrayOf(view.buffer, from, numbers)
  return arrayOf(view.buffer.slice(from, from + numbers * size), 0, numbers)
}

/** Whether {@link numericView} gives a view, so that what is stored into it is stored into the message. */
export function isViewable(view: DataView, at: number, element: ElementType, little: boolean): boolean {
  const { size } = NUMERIC_TYPES[elementParts(element).type]
  return size === 1 || (little && (view.byteOffset + at) % size === 0)
}

function swappedCopy(view: DataView, at: number, numbers: number, type: keyof typeof NUMERIC_TYPES): NumericArray {
  const { size, newArray } = NUMERIC_TYPES[type]
  const copy = newArray(numbers)
  const bytes = new Uint8Array(copy.buffer)
  for (let index = 0; index < bytes.length; index++) {
    const within = index % size
    bytes[index] = view.getUint8(at + index - within + size - 1 - within)
  }
  return copy
}

/** Whether the memory of a typed array was transferred to another thread. It has no elements any more, and would be stored as one that never had any. */
export function isDetached(values: unknown): boolean {
  if (!ArrayBuffer.isView(values) || values.byteLength > 0) return false
  try {
    values.buffer.slice(0, 0)
  } catch {
    return true
  }
  return false
}

/** Stores numbers one by one, each checked; there must be exactly `count` elements. */
export function storeNumbers(
  target: { readonly view: DataView; readonly at: number; readonly count: number },
  values: ArrayLike<number | bigint>,
  element: ElementType,
  context: FieldContext,
): void {
  const { type, perElement } = elementParts(element)
  const { size, newArray, isBig } = NUMERIC_TYPES[type]
  const numbers = target.count * perElement
  if (typeof values !== 'object' || values === null || values.length !== numbers || isDetached(values))
    refuse(context, values, `${numbers} numbers`)
  const checked = newArray(numbers)
  for (let index = 0; index < numbers; index++) {
    const value = values[index]
    checkNumber(value, type, isBig, context)
    ;(checked as { [index: number]: unknown })[index] = value
  }
  const bytes = new Uint8Array(checked.buffer)
  const { view, at } = target
  for (let index = 0; index < bytes.length; index++) {
    const within = index % size
    const place = context.little ? index : index - within + size - 1 - within
    view.setUint8(at + place, bytes[index] as number)
  }
}

function checkNumber(value: unknown, type: keyof typeof NUMERIC_TYPES, isBig: boolean, context: FieldContext): void {
  const { min, max } = NUMERIC_TYPES[type]
  if (isBig) {
    if (typeof value !== 'bigint' || value < min || value > max) refuse(context, value, `bigints of ${min} to ${max}`)
    return
  }
  if (typeof value !== 'number') refuse(context, value, 'numbers')
  if (type === 'f64') return
  if (type === 'f32') {
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) refuse(context, value, 'numbers that fit into an f32')
    return
  }
  if (!Number.isInteger(value) || value < (min as number) || value > (max as number))
    refuse(context, value, `integers of ${min} to ${max}`)
}
