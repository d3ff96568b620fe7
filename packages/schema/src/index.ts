export { jsonMessage } from './codecs/json.js'
export { msgpackMessage } from './codecs/msgpack.js'
export { ValueMessage, type ValueTypes } from './codecs/value-message.js'
export {
  type AnySchemaError,
  BadMessageError,
  InvalidArgumentError,
  isSchemaError,
  SCHEMA_ERROR_CODES,
  SchemaError,
  type SchemaErrorCategory,
  type SchemaErrorCode,
  type SchemaErrorOf,
  type SchemaFact,
  SchemaIncompatibleError,
  SchemaIoError,
} from './errors/index.js'
// The types of fields are named in the declarations of every program that exports a message type.
export type {
  BytesTypes,
  ComplexTypes,
  DecimalTypes,
  FlagsTypes,
  ListTypes,
  MatrixTypes,
  NumbersTypes,
  QuantizedTypes,
  ScalarTypesBase,
  Utf8Types,
} from './fields/builders.js'
export {
  type ArrayOf,
  array,
  ascii,
  bool,
  bytes,
  complex,
  decimal,
  enumOf,
  f32,
  f64,
  flags,
  i8,
  i16,
  i32,
  i64,
  list,
  matrix,
  quantized,
  timestampNs,
  u8,
  u16,
  u32,
  u64,
  utf8,
  vector,
} from './fields/builders.js'
export type {
  AsOptional,
  Field,
  Fields,
  FieldTypes,
  Flat,
  InputOf,
  LaterShapeOf,
  OptionalKeys,
  ReadBody,
  Scalar,
  ScalarTypes,
  Shape,
  ShapeOf,
  SizesOf,
  ValueOf,
  WideField,
  WriteBody,
} from './fields/field.js'
export type { Complex, ComplexWriter } from './flyweight/complex.js'
export type { Decimal, DecimalWriter } from './flyweight/decimal.js'
export type { Flags, FlagsWriter } from './flyweight/flags.js'
export { toJsonSafe } from './flyweight/json-safe.js'
export type { List } from './flyweight/list.js'
export type { Quantized, QuantizedInput, QuantizedWriter } from './flyweight/quantized.js'
export type { Matrix } from './flyweight/vector-accessor.js'
export { checkCompatible, schemaDifferences } from './layout/compatibility.js'
export { fingerprintOf } from './layout/fingerprint.js'
export { createDecoder, type MessageDecoder, type MessageUnion } from './message/decoder.js'
export { FlatMessage, type FlatTypes, message } from './message/flat-message.js'
export type {
  AnyMessageType,
  BodyOf,
  InPlaceMessageType,
  MessageEncoder,
  MessageInput,
  MessageKey,
  MessageReader,
  MessageSizes,
  MessageType,
  MessageTypes,
  MessageValue,
  MessageWriter,
  WriteBodyOf,
  WriterOptions,
} from './message/message-type.js'
export {
  checkAgainstRegistry,
  type ForeignSchema,
  type RegisteredType,
  readSchemas,
  SCHEMA_FOLDER,
  type SchemaRegistry,
  saveSchema,
} from './registry/schema-directory.js'
export { encodeSchema, messageFromDescription, parseSchema, parseSchemaFileName, schemaFileName } from './registry/schema-file.js'
export {
  addSchemaFile,
  checkSchemaFile,
  isWholeSchemaFile,
  readSchemaFiles,
  replaceSchemaFile,
  type SchemaFile,
} from './registry/schema-files.js'
export { fromSbe, type SbeOptions, type SbeSchema } from './sbe/from-sbe.js'
export { SbeMessage, type SbeTypesOfMessage } from './sbe/sbe-message.js'
export type { SbeSizes } from './sbe/section-sizes.js'
export { SBE_HEADER_LENGTH, type SbeExport, toSbe, writeSbeHeader } from './sbe/to-sbe.js'
export type {
  ArraySpec,
  BoolSpec,
  BytesSpec,
  ComplexSpec,
  CompositeSpec,
  ConstantSpec,
  DataSpec,
  DecimalSpec,
  Encoding,
  EnumSpec,
  FieldDescription,
  FieldSpec,
  FixedSpec,
  FlagsSpec,
  GroupSpec,
  HeaderField,
  ListSpec,
  MatrixSpec,
  Nullable,
  NumberSpec,
  QuantizedSpec,
  SbeHeader,
  SchemaDescription,
  SectionSpec,
  SlotSpec,
  TextEncodingName,
  TextSpec,
  TimestampSpec,
  Utf8Spec,
  VectorSpec,
} from './spec/field-spec.js'
export type { ElementType, FloatType, IntegerType, NumericArray, NumericType } from './spec/numeric-type.js'
