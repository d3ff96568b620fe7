import { BadMessageError, InvalidArgumentError } from '../errors/index.js'
import { Place } from './place.js'

/** Makes a plain value, which owns its bytes, of what a field's getter returned. */
export const TO_VALUE = Symbol('toValue')

/**
 * Fields over bytes that lie somewhere else: moving it from message to message allocates nothing. The accessors of the fields stand on the prototype of a class that is made
 * for each schema. So all bodies of one type share one hidden class, and the engine compiles a field's access to a load.
 *
 * The state has names that are not identifiers, so that no field can have them. They are written out at every use, `body['~place']`: the engine then knows the
 * property from the program text. With a symbol or a private name it would have to learn it where it is used, and all schemas share these places. With 40 schemas in one
 * program an access cost 30 times as much.
 */
export class Flyweight {
  declare readonly '~place': Place
  /** Flyweights of fields that are more than a scalar, one each, moved at access. */
  declare readonly '~parts': unknown[]
  /** Where SBE's groups and data begin. */
  declare readonly '~sections': { reset(start: number): void } | undefined

  constructor(parts: readonly (() => unknown)[], sections: { reset(start: number): void } | undefined) {
    const state = { '~place': new Place(), '~parts': parts.map((create) => create()), '~sections': sections }
    // Not enumerable: a body shows its fields and nothing else.
    for (const [name, value] of Object.entries(state)) Object.defineProperty(this, name, { value })
  }
}

/** Moves a body with groups or data onto bytes of which the caller has checked that the block fits. */
export function placeBody(
  body: Flyweight,
  view: DataView,
  { base, end, version, blockEnd }: { base: number; end: number; version: number; blockEnd: number },
): void {
  body['~place'].move(view, base, end, version)
  body['~sections']?.reset(blockEnd)
}

/** Where a field stands, for messages, and how its numbers are stored. */
export interface FieldContext {
  /** Name of the message type. */
  readonly type: string
  /** The field, dotted where nested. */
  readonly field: string
  readonly little: boolean
}

export interface Accessor {
  readonly get: (this: Flyweight) => unknown
  // biome-ignore lint/suspicious/noExplicitAny: each setter checks what it is given
  readonly set: (this: Flyweight, value: any) => void
}

export function badMessage(context: FieldContext, detail: string): never {
  throw new BadMessageError({ type: context.type, field: context.field, detail })
}

export function refuse(context: FieldContext, value: unknown, expected: string): never {
  throw new InvalidArgumentError({ argument: `${context.type}.${context.field}`, value, expected })
}

/** Returns a plain value, which owns its bytes, of what a field's getter returned. */
export function toPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (TO_VALUE in value && typeof value[TO_VALUE] === 'function') return value[TO_VALUE]()
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice()
  return value
}
