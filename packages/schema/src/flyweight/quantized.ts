import type { QuantizedSpec } from '../spec/field-spec.js'
import { type Accessor, type FieldContext, type Flyweight, refuse, TO_VALUE } from './flyweight.js'
import { isDetached } from './numeric-view.js'
import { slotCount, slotStart } from './slot.js'

/** f32 scale and i32 zero point stand in front of the elements. */
export const QUANTIZED_LEAD = 8
const ZERO_POINT_OFFSET = 4

/** A vector whose elements take one byte each: `(value - zeroPoint) * scale`. It moves with its message. */
export interface Quantized {
  readonly length: number
  readonly scale: number
  readonly zeroPoint: number
  /** The stored integers as a view of the message. */
  readonly values: Int8Array | Uint8Array
  /** An element as a number. */
  at(index: number): number
  toFloat32Array(): Float32Array
}

/** What a quantized vector can be set from: numbers, or integers with their scale. */
export type QuantizedInput =
  | ArrayLike<number>
  | { readonly values: Int8Array | Uint8Array | readonly number[]; readonly scale: number; readonly zeroPoint?: number }

/** The same in a message that is being written. */
export interface QuantizedWriter extends Quantized {
  /** Numbers are quantized with the best scale for them: symmetric for `i8`, with a zero point for `u8`. */
  set(input: QuantizedInput): this
}

const RANGES = { i8: [-128, 127], u8: [0, 255] } as const

class QuantizedView implements QuantizedWriter {
  #view!: DataView
  #at = 0
  length = 0
  readonly #element: 'i8' | 'u8'
  readonly #context: FieldContext

  constructor(spec: QuantizedSpec, context: FieldContext) {
    this.#element = spec.element
    this.#context = context
  }

  move(view: DataView, at: number, length: number): this {
    this.#view = view
    this.#at = at
    this.length = length
    return this
  }

  get scale(): number {
    return this.length === 0 ? 0 : this.#view.getFloat32(this.#at, true)
  }

  get zeroPoint(): number {
    return this.length === 0 ? 0 : this.#view.getInt32(this.#at + ZERO_POINT_OFFSET, true)
  }

  get values(): Int8Array | Uint8Array {
    if (this.length === 0) return this.#element === 'i8' ? new Int8Array(0) : new Uint8Array(0)
    const from = this.#view.byteOffset + this.#at + QUANTIZED_LEAD
    return this.#element === 'i8'
      ? new Int8Array(this.#view.buffer, from, this.length)
      : new Uint8Array(this.#view.buffer, from, this.length)
  }

  at(index: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      refuse(this.#context, index, `an index below ${this.length}`)
    const at = this.#at + QUANTIZED_LEAD + index
    return ((this.#element === 'i8' ? this.#view.getInt8(at) : this.#view.getUint8(at)) - this.zeroPoint) * this.scale
  }

  toFloat32Array(): Float32Array {
    const { scale, zeroPoint } = this
    return Float32Array.from(this.values, (value) => (value - zeroPoint) * scale)
  }

  set(input: QuantizedInput): this {
    if (typeof input !== 'object' || input === null) refuse(this.#context, input, 'numbers, or values with a scale')
    if ('scale' in input) this.#store(input.values, input.scale, input.zeroPoint ?? 0)
    else this.#quantize(input)
    return this
  }

  [TO_VALUE](): unknown {
    return { scale: this.scale, zeroPoint: this.zeroPoint, values: this.values.slice() }
  }

  #quantize(numbers: ArrayLike<number>): void {
    const all = this.#arrayOf(numbers)
    if (!all.every((value) => Number.isFinite(value))) refuse(this.#context, numbers, 'finite numbers')
    const [lowest, highest] = RANGES[this.#element]
    const max = all.reduce((a, b) => Math.max(a, b), 0)
    const min = all.reduce((a, b) => Math.min(a, b), 0)
    const range = this.#element === 'i8' ? Math.max(max, -min) / highest : (max - min) / highest
    const scale = Math.fround(range) || 1
    const zeroPoint = this.#element === 'i8' ? 0 : Math.round(-min / scale)
    const values = all.map((value) => Math.min(highest, Math.max(lowest, Math.round(value / scale) + zeroPoint)))
    this.#store(values, scale, zeroPoint)
  }

  /** The elements as an array: exactly as many as the message was begun for. */
  #arrayOf(values: ArrayLike<number>): number[] {
    if (typeof values !== 'object' || values === null || values.length !== this.length || isDetached(values))
      refuse(this.#context, values, `${this.length} numbers`)
    return Array.from({ length: this.length }, (_, index) => values[index] as number)
  }

  #store(values: ArrayLike<number>, scale: number, zeroPoint: number): void {
    const [lowest, highest] = RANGES[this.#element]
    const stored = this.#arrayOf(values)
    if (!stored.every((value) => Number.isInteger(value) && value >= lowest && value <= highest))
      refuse(this.#context, values, `integers of ${lowest} to ${highest}`)
    if (typeof scale !== 'number' || !Number.isFinite(Math.fround(scale)))
      refuse(this.#context, scale, 'a scale that fits into an f32')
    if (typeof zeroPoint !== 'number' || (zeroPoint | 0) !== zeroPoint)
      refuse(this.#context, zeroPoint, 'a zero point that is a 32-bit integer')
    if (this.length === 0) return
    this.#view.setFloat32(this.#at, scale, true)
    this.#view.setInt32(this.#at + ZERO_POINT_OFFSET, zeroPoint, true)
    for (let index = 0; index < stored.length; index++)
      this.#view.setUint8(this.#at + QUANTIZED_LEAD + index, (stored[index] as number) & 0xff)
  }
}

export function quantizedAccessor(spec: QuantizedSpec, at: number, context: FieldContext, parts: (() => unknown)[]): Accessor {
  const part = parts.push(() => new QuantizedView(spec, context)) - 1
  const layout = { stride: 1, lead: QUANTIZED_LEAD }
  const isOptional = spec.optional === true
  const move = (body: Flyweight) => {
    const from = slotStart(body, at, layout, context)
    const view = body['~parts'][part] as QuantizedView
    return from === -1 ? view.move(body['~place'].view, 0, 0) : view.move(body['~place'].view, from, slotCount(body, at))
  }
  return {
    get() {
      return isOptional && slotStart(this, at, layout, context) === -1 ? undefined : move(this)
    },
    set(input: QuantizedInput | undefined) {
      if (input !== undefined) move(this).set(input)
      else if (slotStart(this, at, layout, context) !== -1) refuse(context, input, 'numbers')
    },
  }
}
