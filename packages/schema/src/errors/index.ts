export { BadMessageError, InvalidArgumentError, SchemaIncompatibleError, SchemaIoError } from './errors.js'
export { type AnySchemaError, isSchemaError, type SchemaErrorOf } from './is-schema-error.js'
export {
  SCHEMA_ERROR_CODES,
  SchemaError,
  type SchemaErrorCategory,
  type SchemaErrorCode,
  type SchemaFact,
} from './schema-error.js'
