export { BadMessageError, InvalidArgumentError, SchemaIncompatibleError, SchemaIoError } from './errors.js'
export { isSchemaError, type SchemaErrorOf } from './is-schema-error.js'
export { SCHEMA_ERROR_CODES, SchemaError, type SchemaErrorCategory, type SchemaErrorCode } from './schema-error.js'
