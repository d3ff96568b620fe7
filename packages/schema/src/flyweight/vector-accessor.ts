import type { BytesSpec, MatrixSpec, VectorSpec } from '../spec/field-spec.js'
import { type ElementType, elementSize, type NumericArray } from '../spec/numeric-type.js'
import { type Accessor, badMessage, type FieldContext, type Flyweight, refuse, TO_VALUE } from './flyweight.js'
import { isDetached, isViewable, numericView, storeNumbers } from './numeric-view.js'
import { slotCount, slotStart } from './slot.js'

const EMPTY_VIEW = new DataView(new ArrayBuffer(0))

/** A vector of numbers as a typed array over the message; bytes are a vector of `u8`. */
export function vectorAccessor(spec: VectorSpec | BytesSpec, at: number, context: FieldContext, isWritten: boolean): Accessor {
  const element = spec.kind === 'bytes' ? 'u8' : spec.element
  const layout = { stride: elementSize(element), lead: 0 }
  const isOptional = spec.optional === true
  return {
    get() {
      const from = slotStart(this, at, layout, context)
      if (from === -1) return isOptional ? undefined : numericView(EMPTY_VIEW, 0, 0, element, true)
      checkWritable(this, from, element, isWritten, context)
      return numericView(this['~place'].view, from, slotCount(this, at), element, true)
    },
    set(values: ArrayLike<number | bigint> | undefined) {
      const from = slotStart(this, at, layout, context)
      if (from === -1) {
        if (values !== undefined && (values?.length !== 0 || isDetached(values)))
          refuse(context, values, 'no elements, because the message was begun without any')
        return
      }
      storeNumbers(
        { view: this['~place'].view, at: from, count: slotCount(this, at) },
        values as ArrayLike<number>,
        element,
        context,
      )
    },
  }
}

function checkWritable(body: Flyweight, from: number, element: ElementType, isWritten: boolean, context: FieldContext): void {
  if (isWritten && !isViewable(body['~place'].view, from, element, true))
    refuse(context, undefined, 'a target that is aligned to 8 bytes')
}

/** Rows of numbers as they lie in a message, row after row. Complex numbers are two numbers each, real and imaginary part. */
export interface Matrix<Numbers extends NumericArray = NumericArray> {
  readonly rows: number
  readonly columns: number
  /** All numbers, row by row, as a view of the message. */
  readonly data: Numbers
  /** A row as a view of the message; 0 is the first. */
  row(index: number): Numbers
}

class MatrixView implements Matrix {
  readonly rows: number
  readonly columns: number
  readonly #element: ElementType
  readonly #context: FieldContext
  #view!: DataView
  #at = 0

  constructor(spec: MatrixSpec, context: FieldContext) {
    this.rows = spec.rows
    this.columns = spec.columns
    this.#element = spec.element
    this.#context = context
  }

  move(view: DataView, at: number): this {
    this.#view = view
    this.#at = at
    return this
  }

  get data(): NumericArray {
    return numericView(this.#view, this.#at, this.rows * this.columns, this.#element, true)
  }

  row(index: number): NumericArray {
    if (!Number.isInteger(index) || index < 0 || index >= this.rows)
      refuse(this.#context, index, `a row of 0 to ${this.rows - 1}`)
    const length = this.columns * elementSize(this.#element)
    return numericView(this.#view, this.#at + index * length, this.columns, this.#element, true)
  }

  [TO_VALUE](): unknown {
    return { rows: this.rows, columns: this.columns, data: this.data.slice() }
  }
}

export function matrixAccessor(
  spec: MatrixSpec,
  at: number,
  { context, isWritten }: { context: FieldContext; isWritten: boolean },
  parts: (() => unknown)[],
): Accessor {
  const part = parts.push(() => new MatrixView(spec, context)) - 1
  const layout = { stride: elementSize(spec.element), lead: 0 }
  const count = spec.rows * spec.columns
  const isOptional = spec.optional === true
  const start = (body: Flyweight) => {
    const from = slotStart(body, at, layout, context)
    if (from !== -1 && slotCount(body, at) !== count) badMessage(context, `${slotCount(body, at)} elements instead of ${count}`)
    return from
  }
  return {
    get() {
      const from = start(this)
      if (from === -1) return isOptional ? undefined : badMessage(context, 'the matrix is missing')
      checkWritable(this, from, spec.element, isWritten, context)
      return (this['~parts'][part] as MatrixView).move(this['~place'].view, from)
    },
    set(value: Matrix | ArrayLike<number> | undefined) {
      const from = start(this)
      if (from === -1) {
        if (value !== undefined) refuse(context, value, 'nothing, because the message was begun without this matrix')
        return
      }
      const values = typeof value === 'object' && value !== null && 'data' in value ? value.data : value
      storeNumbers({ view: this['~place'].view, at: from, count }, values as ArrayLike<number>, spec.element, context)
    },
  }
}
