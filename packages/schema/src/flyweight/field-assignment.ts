import { InvalidArgumentError } from '../errors/index.js'
import { isSection } from '../spec/field-spec.js'
import { type CompiledField, isRequired } from './compiled-field.js'
import type { PlanContext } from './field-place.js'
import type { Flyweight } from './flyweight.js'

interface NamedSetter {
  readonly name: string
  readonly set: CompiledField['accessor']['set']
}

/** Fields of a value in its order, and those that it leaves out. */
interface Order {
  readonly given: readonly NamedSetter[]
  readonly absent: readonly NamedSetter[]
}

const NO_ORDER: Order = { given: [], absent: [] }

/**
 * Sets the fields of a body from plain values. The values of a program mostly have the same names in the same order. That order is remembered. A value that has it needs no
 * lookup of names. It needs no load by a name that the engine does not know either: the enumeration that finds a name also finds the property.
 */
export class FieldAssignment {
  readonly #byName: ReadonlyMap<string, CompiledField>
  readonly #context: PlanContext
  /** Sections are written one after the other, in the schema's order. */
  readonly #learnsOrder: boolean
  /** Of the last value that was assigned by name. */
  #order = NO_ORDER

  constructor(compiled: readonly CompiledField[], context: PlanContext) {
    this.#byName = new Map(compiled.map((one) => [one.field.name, one]))
    this.#context = context
    this.#learnsOrder = !compiled.some(({ field }) => isSection(field))
  }

  /** @throws {@link InvalidArgumentError} for a value that a field does not hold, one that is missing, and a name that no field has. */
  assign(body: Flyweight, value: unknown): void {
    if (typeof value !== 'object' || value === null) throw this.#invalid('', value, 'an object with the fields')
    const given = value as Record<string, unknown>
    if (this.#assignInOrder(body, given)) return
    this.#assignByName(body, given)
    if (this.#learnsOrder) this.#learnOrder(given)
  }

  /** Returns false for a value with other names or another order; what was set until then is set again. */
  #assignInOrder(body: Flyweight, given: Record<string, unknown>): boolean {
    const order = this.#order
    const setters = order.given
    let count = 0
    for (const name in given) {
      const setter = setters[count]
      if (setter === undefined || setter.name !== name) return false
      const item = given[name]
      if (item === undefined) return false
      setter.set.call(body, item)
      count++
    }
    if (count === 0 || count !== setters.length) return false
    for (const { name, set } of order.absent) {
      // A property that is not enumerable, or whose value came meanwhile.
      if (given[name] !== undefined) return false
      set.call(body, undefined)
    }
    return true
  }

  #assignByName(body: Flyweight, given: Record<string, unknown>): void {
    for (const { field, accessor } of this.#byName.values()) {
      const item = given[field.name]
      if (item === undefined && isRequired(field)) throw this.#invalid(field.name, item, 'a value')
      // Flags have no null value: left out, none is set.
      if (item !== undefined || field.kind !== 'flags') accessor.set.call(body, item)
    }
    const unknownName = Object.keys(given).find((name) => !this.#byName.has(name))
    if (unknownName !== undefined) throw this.#invalid(unknownName, given[unknownName], 'a field of the schema')
  }

  #learnOrder(value: Record<string, unknown>): void {
    const given = new Map<string, NamedSetter>()
    for (const name in value) {
      const known = this.#byName.get(name)
      if (known === undefined) return
      given.set(name, { name, set: known.accessor.set })
    }
    const absent = [...this.#byName.values()].filter(({ field }) => !given.has(field.name) && field.kind !== 'flags')
    if (absent.some(({ field }) => isRequired(field))) return
    this.#order = {
      given: [...given.values()],
      absent: absent.map(({ field, accessor }) => ({ name: field.name, set: accessor.set })),
    }
  }

  #invalid(field: string, value: unknown, expected: string): InvalidArgumentError {
    const { type, path } = this.#context
    const argument = [type, path, field].filter((part) => part !== '').join('.')
    return new InvalidArgumentError({ argument, value, expected })
  }
}
