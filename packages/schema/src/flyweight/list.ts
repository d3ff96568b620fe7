import type { ListSpec } from '../spec/field-spec.js'
import type { BodyPlan, FieldPlace } from './field-place.js'
import { type Accessor, type FieldContext, type Flyweight, refuse, TO_VALUE } from './flyweight.js'
import type { Place } from './place.js'
import { slotCount, slotStart } from './slot.js'

/** Items of a list as they lie in a message. All items are one flyweight that moves: `at(1)` moves what `at(0)` returned. */
export interface List<Item> extends Iterable<Item> {
  readonly length: number
  /** The item at an index; 0 is the first. An index outside of the list is `ERR_INVALID_ARGUMENT`. */
  at(index: number): Item
}

class ListView implements List<Flyweight> {
  length = 0
  readonly #size: number
  readonly #item: Flyweight
  readonly #place: Place
  readonly #context: FieldContext
  #from = 0

  constructor(plan: BodyPlan, size: number, context: FieldContext) {
    this.#size = size
    this.#item = plan.create()
    this.#place = this.#item['~place']
    this.#context = context
  }

  move(body: Flyweight, from: number, length: number): this {
    const { view, version } = body['~place']
    this.#place.move(view, from, from + length * this.#size, version)
    this.#from = from
    this.length = length
    return this
  }

  at(index: number): Flyweight {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      refuse(this.#context, index, `an index below ${this.length}`)
    this.#place.base = this.#from + index * this.#size
    return this.#item
  }

  *[Symbol.iterator](): Generator<Flyweight> {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }

  [TO_VALUE](): unknown[] {
    return Array.from(this, (item) => (item as unknown as { [TO_VALUE](): unknown })[TO_VALUE]())
  }
}

export function listAccessor(
  spec: ListSpec,
  at: number,
  { context, isWritten, planBody }: FieldPlace,
  parts: (() => unknown)[],
): Accessor {
  const plan = planBody(spec.fields, { type: context.type, path: context.field, little: true, isWritten })
  const part = parts.push(() => new ListView(plan, spec.size, context)) - 1
  const layout = { stride: spec.size, lead: 0 }
  const isOptional = spec.optional === true
  return {
    get() {
      const from = slotStart(this, at, layout, context)
      const list = this['~parts'][part] as ListView
      if (from === -1) return isOptional ? undefined : list.move(this, 0, 0)
      return list.move(this, from, slotCount(this, at))
    },
    set(items: readonly Record<string, unknown>[] | undefined) {
      const from = slotStart(this, at, layout, context)
      const list = (this['~parts'][part] as ListView).move(this, Math.max(from, 0), from === -1 ? 0 : slotCount(this, at))
      if (items === undefined && isOptional && from === -1) return
      if (!Array.isArray(items) || items.length !== list.length) refuse(context, items, `an array of ${list.length} items`)
      for (const [index, item] of items.entries()) plan.assign(list.at(index), item)
    },
  }
}
