import type { ComplexSpec } from '../spec/field-spec.js'
import { NUMERIC_TYPES } from '../spec/numeric-type.js'
import { type Accessor, type FieldContext, type Flyweight, refuse, TO_VALUE } from './flyweight.js'

/** A complex number as it lies in a message; it moves with its message. */
export interface Complex {
  readonly re: number
  readonly im: number
}

/** The same in a message that is being written. */
export interface ComplexWriter {
  re: number
  im: number
  set(re: number, im: number): this
}

class ComplexView implements ComplexWriter {
  #view!: DataView
  #at = 0
  readonly #isDouble: boolean
  readonly #context: FieldContext

  constructor(spec: ComplexSpec, context: FieldContext) {
    this.#isDouble = spec.type === 'f64'
    this.#context = context
  }

  move(view: DataView, at: number): this {
    this.#view = view
    this.#at = at
    return this
  }

  get re(): number {
    return this.#load(this.#at)
  }

  set re(value: number) {
    this.#store(this.#at, value)
  }

  get im(): number {
    return this.#load(this.#at + (this.#isDouble ? 8 : 4))
  }

  set im(value: number) {
    this.#store(this.#at + (this.#isDouble ? 8 : 4), value)
  }

  set(re: number, im: number): this {
    this.re = re
    this.im = im
    return this
  }

  setNull(): void {
    this.set(Number.NaN, Number.NaN)
  }

  toJSON(): { re: number; im: number } {
    return { re: this.re, im: this.im }
  }

  [TO_VALUE](): { re: number; im: number } {
    return this.toJSON()
  }

  #load(at: number): number {
    return this.#isDouble ? this.#view.getFloat64(at, this.#context.little) : this.#view.getFloat32(at, this.#context.little)
  }

  #store(at: number, value: number): void {
    if (typeof value !== 'number') refuse(this.#context, value, 'a number')
    if (this.#isDouble) this.#view.setFloat64(at, value, this.#context.little)
    else if (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
      refuse(this.#context, value, 'a number that fits into an f32')
    else this.#view.setFloat32(at, value, this.#context.little)
  }
}

export function complexAccessor(spec: ComplexSpec, at: number, context: FieldContext, parts: (() => unknown)[]): Accessor {
  const part = parts.push(() => new ComplexView(spec, context)) - 1
  const isOptional = spec.optional === true
  const move = (body: Flyweight) => (body['~parts'][part] as ComplexView).move(body['~place'].view, body['~place'].base + at)
  return {
    get() {
      const complex = move(this)
      return isOptional && Number.isNaN(complex.re) && Number.isNaN(complex.im) ? undefined : complex
    },
    set(value: unknown) {
      if (value === undefined && isOptional) {
        move(this).setNull()
        return
      }
      if (typeof value !== 'object' || value === null) refuse(context, value, 'an object with re and im')
      move(this).set((value as Complex).re, (value as Complex).im)
    },
  }
}

/** Bytes of both parts. */
export function complexSize(spec: ComplexSpec): number {
  return 2 * NUMERIC_TYPES[spec.type].size
}
