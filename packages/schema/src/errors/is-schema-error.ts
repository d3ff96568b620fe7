import type { BadMessageError, InvalidArgumentError, SchemaIncompatibleError, SchemaIoError } from './errors.js'
import { hasSchemaErrorBrand, type SchemaError, type SchemaErrorCode } from './schema-error.js'

/** Every class of error that this package throws. */
export type AnySchemaError = BadMessageError | InvalidArgumentError | SchemaIncompatibleError | SchemaIoError

/** The class of the error with this code. */
export type SchemaErrorOf<Code extends SchemaErrorCode> = Extract<AnySchemaError, { code: Code }>

/**
 * Whether this is an error of this package, and, when a code is given, that one: the facts of its class can then be read. Works across copies of this library, where `instanceof` does not.
 */
export function isSchemaError(error: unknown): error is SchemaError
export function isSchemaError<Code extends SchemaErrorCode>(error: unknown, code: Code): error is SchemaErrorOf<Code>
export function isSchemaError(error: unknown, code?: SchemaErrorCode): boolean {
  return hasSchemaErrorBrand(error) && (code === undefined || error.code === code)
}
