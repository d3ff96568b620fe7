import { constants } from 'node:os'
import { SchemaError } from './schema-error.js'

/** The bytes are not a message of this type: too short, a slot outside of the payload, a value that the schema does not know. */
export class BadMessageError extends SchemaError {
  override readonly name = 'BadMessageError'
  override readonly code = 'ERR_BAD_MESSAGE'
  override readonly category = 'fatal'
  /** Name of the message type. */
  readonly type: string
  /** The field, dotted where nested: `bids.price`. */
  readonly field: string | undefined
  /** What is wrong, in a few words. */
  readonly detail: string

  constructor(facts: { type: string; field?: string | undefined; detail: string }, options?: ErrorOptions) {
    super(`Bad message, ${facts.detail}`, { type: facts.type, field: facts.field }, options)
    this.type = facts.type
    this.field = facts.field
    this.detail = facts.detail
  }
}

/** A value that the call does not accept. Nothing was done. */
export class InvalidArgumentError extends SchemaError {
  override readonly name = 'InvalidArgumentError'
  override readonly code = 'ERR_INVALID_ARGUMENT'
  override readonly category = 'usage'
  /** The argument or field, dotted where nested: `Quote.bid`. */
  readonly argument: string
  /** What was given, as text. */
  readonly value: string
  /** What would be accepted. */
  readonly expected: string

  constructor(facts: { argument: string; value: unknown; expected: string }, options?: ErrorOptions) {
    const value = describeValue(facts.value)
    super(`Invalid argument, expected ${facts.expected}`, { argument: facts.argument, value }, options)
    this.argument = facts.argument
    this.value = value
    this.expected = facts.expected
  }
}

/** Two definitions of one type cannot live in one queue, because the newer one does not only append to the older one. */
export class SchemaIncompatibleError extends SchemaError {
  override readonly name = 'SchemaIncompatibleError'
  override readonly code = 'ERR_SCHEMA_INCOMPATIBLE'
  override readonly category = 'usage'
  readonly type: string
  readonly typeId: number
  /** Every difference that the rules refuse, one sentence each. */
  readonly differences: readonly string[]

  constructor(facts: { type: string; typeId: number; differences: readonly string[] }, options?: ErrorOptions) {
    const { type, typeId, differences } = facts
    super('The schema is incompatible', { type, typeId, difference: differences.join('; ') }, options)
    this.type = type
    this.typeId = typeId
    this.differences = differences
  }
}

/** The file system refused a step of reading or writing the schema registry. */
export class SchemaIoError extends SchemaError {
  override readonly name = 'SchemaIoError'
  override readonly code = 'ERR_IO'
  override readonly category = 'fatal'
  readonly path: string
  readonly syscall: string | undefined
  /** As in Node: negative. `undefined` where the system gave none. */
  readonly errno: number | undefined
  /** The symbolic name: 'EACCES', 'ENOSPC', ... */
  readonly errnoName: string

  constructor(facts: { path: string; syscall?: string | undefined; errnoName: string }, options?: ErrorOptions) {
    const { path, syscall, errnoName } = facts
    super('The schema registry cannot be used', { path, syscall, errno: errnoName }, options)
    this.path = path
    this.syscall = syscall
    this.errno = errnoOf(errnoName)
    this.errnoName = errnoName
  }
}

function errnoOf(name: string): number | undefined {
  const known = (constants.errno as Readonly<Record<string, number>>)[name]
  return known === undefined ? undefined : -known
}

/** Describes a value in a few words: strings quoted and cut, objects by their class. */
function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return `an object of class ${typeof name === 'string' && name !== '' ? name : 'unknown'}`
}
