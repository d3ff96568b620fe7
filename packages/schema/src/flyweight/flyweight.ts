import { BadMessageError, InvalidArgumentError } from '../errors/index.js'

/*
 * The state of a body. Symbols, because every string may be the name of a field.
 */
export const VIEW = Symbol('view')
export const BASE = Symbol('base')
export const END = Symbol('end')
export const VERSION = Symbol('version')
export const PARTS = Symbol('parts')
export const SECTIONS = Symbol('sections')

/** Makes a plain value, which owns its bytes, of what a field's getter returned. */
export const TO_VALUE = Symbol('toValue')

const NO_BYTES = new DataView(new ArrayBuffer(0))

/**
 * Fields over bytes that lie somewhere else: moving it from message to message allocates nothing. The accessors of the fields stand on the prototype of a
 * class that is made for each schema, so that all bodies of one type share one hidden class and the engine compiles a field's access to a load.
 *
 * Invariant: `BASE` to `END` lies inside of `VIEW`, and the block of `VERSION` fits between them. Accessors of fixed fields rely on it and check nothing.
 */
export class Flyweight {
  [VIEW]: DataView = NO_BYTES;
  [BASE] = 0;
  [END] = 0;
  [VERSION] = 0
  /** Flyweights of fields that are more than a scalar, one each, moved at access. */
  readonly [PARTS]: unknown[]
  /** Where SBE's groups and data begin. */
  readonly [SECTIONS]: { reset(start: number): void } | undefined

  constructor(parts: readonly (() => unknown)[], sections: { reset(start: number): void } | undefined) {
    this[PARTS] = parts.map((create) => create())
    this[SECTIONS] = sections
  }
}

/** Moves a body onto bytes of which the caller has checked that the block fits. */
export function placeBody(
  body: Flyweight,
  view: DataView,
  { base, end, version, blockEnd }: { base: number; end: number; version: number; blockEnd: number },
): void {
  body[VIEW] = view
  body[BASE] = base
  body[END] = end
  body[VERSION] = version
  body[SECTIONS]?.reset(blockEnd)
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
