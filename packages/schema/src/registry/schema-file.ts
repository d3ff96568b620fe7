import { jsonMessage } from '../codecs/json.js'
import { msgpackMessage } from '../codecs/msgpack.js'
import { protobufFromDescription } from '../codecs/protobuf.js'
import { checkMembers } from '../errors/check-options.js'
import { InvalidArgumentError, isSchemaError } from '../errors/index.js'
import { blockLengthAt } from '../layout/field-size.js'
import { checkIsDescription, fingerprintOf } from '../layout/fingerprint.js'
import { FlatMessage } from '../message/flat-message.js'
import type { AnyMessageType } from '../message/message-type.js'
import { nodeCrypto } from '../node-crypto.js'
import { SbeMessage } from '../sbe/sbe-message.js'
import type { SchemaDescription } from '../spec/field-spec.js'
import { checkDescription, isEncoding } from './check-description.js'

/*
 * The registry file of a message type: JSON, one per type and version, `<typeId>.<version>.json`. It holds what a tool needs to decode messages of that
 * version without the program that wrote them. Losing it loses names, never data.
 *
 * The fingerprint leaves names out. So a checksum covers everything: a name with a damaged letter would be another definition of the type, which no
 * program could open the queue with. Files of former versions of this package have no checksum, and those versions read files that have one.
 */

const FORMAT = 'chronicle-schema'
const FORMAT_VERSION = 1
/** Schemas of thousands of fields have less. */
export const MAX_SCHEMA_LENGTH = 16 * 1024 * 1024

/** Name of the registry file of a type. */
export function schemaFileName(type: { readonly typeId: number; readonly version: number }): string {
  checkMembers('type', type, ['typeId', 'version'], 'a message type')
  const { typeId, version } = type
  return `${typeId}.${version}.json`
}

/** The typeId and version that a registry file's name says; `undefined` for other names. */
export function parseSchemaFileName(name: string): { readonly typeId: number; readonly version: number } | undefined {
  const match = typeof name === 'string' ? /^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.json$/.exec(name) : null
  return match === null ? undefined : { typeId: Number(match[1]), version: Number(match[2]) }
}

/** Text of the registry file of a type; equal for equal definitions. */
export function encodeSchema(description: SchemaDescription): string {
  checkIsDescription('description', description)
  const { name, typeId, version, encoding, fields, key, sbe, protobuf } = description
  const facts = { name, typeId, version, encoding, fingerprint: fingerprintOf(description) }
  const layout = encoding === 'flat1' ? { blockLength: blockLengthAt(fields, version) } : {}
  const file = {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    ...facts,
    ...layout,
    fields,
    ...(key !== undefined && { key }),
    ...(sbe && { sbe }),
    ...(protobuf && { protobuf }),
  }
  return `${JSON.stringify({ ...file, checksum: checksumOf(file) }, null, 2)}\n`
}

/**
 * Parses the text of a registry file. Every offset is checked, so that any text gives a usable description or an error.
 *
 * @throws `ERR_INVALID_ARGUMENT`
 */
export function parseSchema(text: string): SchemaDescription {
  if (typeof text !== 'string' || text.length > MAX_SCHEMA_LENGTH)
    throw refuse(typeof text, `text of at most ${MAX_SCHEMA_LENGTH} characters`)
  const file = parseObject(text)
  if (file['format'] !== FORMAT) throw refuse(file['format'], `the format ${FORMAT}`)
  if (file['formatVersion'] !== FORMAT_VERSION) throw refuse(file['formatVersion'], `the format version ${FORMAT_VERSION}`)
  checkChecksum(file)
  const { name, typeId, version, encoding, fields, key, sbe, protobuf } = file as unknown as SchemaDescription
  const description: SchemaDescription = {
    name,
    typeId,
    version,
    encoding,
    fields,
    ...(key !== undefined && { key }),
    ...(sbe && { sbe }),
    ...(protobuf && { protobuf }),
  }
  const fingerprint = checkParsed(description)
  if (file['fingerprint'] !== fingerprint) throw refuse(file['fingerprint'], `the fingerprint ${fingerprint}`)
  return description
}

/** The encoding of a schema that is whole but for an encoding that is unknown here; `undefined` for all other texts. */
export function foreignEncodingOf(text: string): string | undefined {
  try {
    const file = parseObject(text)
    const { encoding } = file as { encoding?: unknown }
    checkChecksum(file)
    const isWhole = file['format'] === FORMAT && file['formatVersion'] === FORMAT_VERSION
    return isWhole && typeof encoding === 'string' && !isEncoding(encoding) ? encoding : undefined
  } catch {
    return undefined
  }
}

/** A message type by what the registry holds of it; its fields have no types at compile time. @throws `ERR_INVALID_ARGUMENT` */
export function messageFromDescription(description: SchemaDescription): AnyMessageType {
  checkParsed(description)
  const { name, typeId, version, encoding } = description
  switch (encoding) {
    case 'flat1':
      return new FlatMessage(description)
    case 'sbe':
      return SbeMessage.of(description)
    case 'json':
      return jsonMessage<unknown>(name, typeId, { version })
    case 'msgpack':
      return msgpackMessage<unknown>(name, typeId, { version })
    case 'protobuf':
      return protobufFromDescription(description)
  }
}

/** 16 hexadecimal digits of what the file holds beside them. Blanks between its parts do not count. */
function checksumOf(content: object): string {
  return nodeCrypto().createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)
}

/** @throws `ERR_INVALID_ARGUMENT` */
function checkChecksum(file: Readonly<Record<string, unknown>>): void {
  const { checksum, ...content } = file
  if (checksum === undefined) return
  let expected = ''
  try {
    expected = checksumOf(content)
  } catch (cause) {
    throw refuse('its parts', 'parts that are nested less deeply', cause)
  }
  if (checksum !== expected) throw refuse(checksum, `the checksum ${expected}`)
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    throw refuse(text, 'JSON', cause)
  }
  throw refuse(text, 'a JSON object')
}

/** Returns the fingerprint. Parts of a wrong type make the checks themselves fail; that is an error of the same kind. */
function checkParsed(description: SchemaDescription): string {
  try {
    checkDescription(description)
    return fingerprintOf(description)
  } catch (cause) {
    if (isSchemaError(cause)) throw cause
    throw refuse('its fields', 'fields of a message type', cause)
  }
}

function refuse(value: unknown, expected: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ argument: 'schema file', value, expected }, cause === undefined ? undefined : { cause })
}
