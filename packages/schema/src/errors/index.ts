export { BadMessageError, InvalidArgumentError, SchemaIncompatibleError, SchemaIoError } from './errors.js'
export { isSchemaError, SCHEMA_ERROR_CODES, SchemaError, type SchemaErrorCategory, type SchemaErrorCode } from './schema-error.js'
