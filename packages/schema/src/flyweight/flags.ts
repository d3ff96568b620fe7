import type { FlagsSpec } from '../spec/field-spec.js'
import { NUMERIC_TYPES } from '../spec/numeric-type.js'
import { type Accessor, type FieldContext, type Flyweight, refuse, TO_VALUE } from './flyweight.js'

/** A set of flags as it lies in a message. It moves with its message. */
export interface Flags<Name extends string = string> {
  has(name: Name): boolean
  /** The names that are set, in order of declaration. Bits that the schema does not know are left out. */
  names(): Name[]
}

/** The same in a message that is being written. */
export interface FlagsWriter<Name extends string = string> extends Flags<Name> {
  add(name: Name): this
  delete(name: Name): this
  /** Sets exactly these. */
  set(names: Iterable<Name>): this
}

/** Works on the bytes one by one, so that 64 flags need no bigint. */
class FlagsView implements FlagsWriter {
  #view!: DataView
  #at = 0
  readonly #size: number
  readonly #bits: ReadonlyMap<string, number>
  readonly #context: FieldContext

  constructor(spec: FlagsSpec, context: FieldContext) {
    this.#size = NUMERIC_TYPES[spec.type].size
    this.#bits = new Map(Object.entries(spec.bits))
    this.#context = context
  }

  move(view: DataView, at: number): this {
    this.#view = view
    this.#at = at
    return this
  }

  has(name: string): boolean {
    const bit = this.#bitOf(name)
    return (this.#view.getUint8(this.#byteOf(bit)) & (1 << (bit & 7))) !== 0
  }

  names(): string[] {
    return [...this.#bits.keys()].filter((name) => this.has(name))
  }

  add(name: string): this {
    const bit = this.#bitOf(name)
    const at = this.#byteOf(bit)
    this.#view.setUint8(at, this.#view.getUint8(at) | (1 << (bit & 7)))
    return this
  }

  delete(name: string): this {
    const bit = this.#bitOf(name)
    const at = this.#byteOf(bit)
    this.#view.setUint8(at, this.#view.getUint8(at) & ~(1 << (bit & 7)))
    return this
  }

  set(names: Iterable<string>): this {
    if (!isIterable(names)) refuse(this.#context, names, 'names of flags')
    const wanted = [...names]
    for (const name of wanted) this.#bitOf(name)
    for (let index = 0; index < this.#size; index++) this.#view.setUint8(this.#at + index, 0)
    for (const name of wanted) this.add(name)
    return this
  }

  [TO_VALUE](): string[] {
    return this.names()
  }

  #bitOf(name: string): number {
    const bit = this.#bits.get(name)
    if (bit === undefined) refuse(this.#context, name, `one of ${[...this.#bits.keys()].join(', ')}`)
    return bit
  }

  #byteOf(bit: number): number {
    const index = bit >> 3
    return this.#at + (this.#context.little ? index : this.#size - 1 - index)
  }
}

export function flagsAccessor(spec: FlagsSpec, at: number, context: FieldContext, parts: (() => unknown)[]): Accessor {
  const part = parts.push(() => new FlagsView(spec, context)) - 1
  const move = (body: Flyweight) => (body['~parts'][part] as FlagsView).move(body['~place'].view, body['~place'].base + at)
  return {
    get() {
      return move(this)
    },
    set(value: unknown) {
      move(this).set(isFlags(value) ? value.names() : (value as Iterable<string>))
    },
  }
}

function isFlags(value: unknown): value is Flags {
  return typeof value === 'object' && value !== null && 'names' in value && typeof value.names === 'function'
}

/** A text is iterable, too, and is not a list of names. */
function isIterable(value: unknown): value is Iterable<string> {
  return (
    typeof value === 'object' && value !== null && typeof (value as Partial<Iterable<string>>)[Symbol.iterator] === 'function'
  )
}
