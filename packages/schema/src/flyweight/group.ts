import { BadMessageError } from '../errors/index.js'
import { isSection } from '../spec/field-spec.js'
import type { BodyPlan, FieldPlace } from './field-place.js'
import { type Accessor, type FieldContext, type Flyweight, placeBody, refuse, TO_VALUE } from './flyweight.js'
import type { List } from './list.js'
import { type Group, groupDimension, messageOf, type SectionWalk } from './section-walk.js'

/**
 * Entries of a repeating group. Where entries have groups or data of their own, an entry begins where the one before it ends. Going forward costs one step per entry, going
 * back starts from the first.
 */
export class GroupView implements List<Flyweight> {
  length = 0
  readonly #entry: Flyweight
  readonly #plan: BodyPlan
  readonly #isNested: boolean
  readonly #context: FieldContext
  #body!: Flyweight
  #blockLength = 0
  #first = 0
  #index = 0

  constructor(plan: BodyPlan, isNested: boolean, context: FieldContext) {
    this.#entry = plan.create()
    this.#plan = plan
    this.#isNested = isNested
    this.#context = context
  }

  move(body: Flyweight, dimension: { blockLength: number; count: number; first: number } | undefined): this {
    this.#body = body
    this.length = dimension?.count ?? 0
    this.#blockLength = dimension?.blockLength ?? 0
    this.#first = dimension?.first ?? 0
    this.#index = -1
    return this
  }

  at(index: number): Flyweight {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      refuse(this.#context, index, `an index below ${this.length}`)
    if (this.#isNested) this.#walkTo(index)
    else this.#place(this.#first + index * this.#blockLength)
    return this.#entry
  }

  /** Writes the null values of every entry's optional fields. */
  setNulls(): void {
    for (let index = 0; index < this.length; index++) this.#plan.setNulls(this.at(index))
  }

  *[Symbol.iterator](): Generator<Flyweight> {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }

  [TO_VALUE](): unknown[] {
    return Array.from(this, (entry) => (entry as unknown as { [TO_VALUE](): unknown })[TO_VALUE]())
  }

  #walkTo(index: number): void {
    if (index < this.#index || this.#index === -1) {
      this.#place(this.#first)
      this.#index = 0
    }
    while (this.#index < index) {
      this.#place((this.#entry['~sections'] as SectionWalk).end(this.#entry, this.#context.little))
      this.#index++
    }
  }

  #place(base: number): void {
    const body = this.#body
    const blockEnd = base + this.#blockLength
    if (blockEnd > body['~place'].end) messageTooShort(this.#context)
    placeBody(this.#entry, body['~place'].view, { base, end: body['~place'].end, version: body['~place'].version, blockEnd })
  }
}

function messageTooShort(context: FieldContext): never {
  throw new BadMessageError({ type: context.type, field: context.field, detail: 'an entry extends past the payload' })
}

export function groupAccessor(group: Group, { context, isWritten, planBody }: FieldPlace, parts: (() => unknown)[]): Accessor {
  const plan = planBody(group.fields, { type: context.type, path: context.field, little: context.little, isWritten })
  const part = parts.push(() => new GroupView(plan, group.fields.some(isSection), context)) - 1
  const move = (body: Flyweight) => {
    const view = body['~parts'][part] as GroupView
    if ((group.since ?? 0) > body['~place'].version) return view.move(body, undefined)
    const start = (body['~sections'] as SectionWalk).start(body, group.offset, context.little)
    return view.move(body, groupDimension(group, start, messageOf(body, context.type, context.little)))
  }
  return {
    get() {
      return move(this)
    },
    set(entries: readonly Record<string, unknown>[] | undefined) {
      const view = move(this)
      if (entries === undefined && view.length === 0) return
      if (!Array.isArray(entries) || entries.length !== view.length)
        refuse(context, entries, `an array of ${view.length} entries`)
      for (const [index, entry] of entries.entries()) plan.assign(view.at(index), entry)
    },
  }
}
