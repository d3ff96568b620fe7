import type { DescFile, DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { checkOptions } from '../errors/check-options.js'
import { InvalidArgumentError } from '../errors/index.js'
import { checkName, checkVersion } from '../message/check-message.js'
import type { SchemaDescription } from '../spec/field-spec.js'
import { requirePeer } from './peer.js'
import { ValueMessage } from './value-message.js'

type Protobuf = typeof import('@bufbuild/protobuf')
type WellKnown = typeof import('@bufbuild/protobuf/wkt')

/**
 * Defines a type of message in Protocol Buffers, by the optional dependency `@bufbuild/protobuf` and a message schema that its compiler made.
 *
 * @param schema e.g. `QuoteSchema` of `quote_pb.js`
 * @param options.version what the record carries, 1 to 255; 1 unless said otherwise
 * @throws `ERR_INVALID_ARGUMENT` when `@bufbuild/protobuf` is not installed
 */
export function protobufMessage<Desc extends DescMessage, const Name extends string = string>(
  name: Name,
  typeId: number,
  schema: Desc,
  options: { readonly version?: number } = {},
): ValueMessage<Name, MessageShape<Desc>, MessageInitShape<Desc>> {
  checkOptions(options, { version: true })
  const { version = 1 } = options
  checkVersion(version)
  checkName(name)
  if ((schema as { readonly kind?: unknown } | undefined | null)?.kind !== 'message')
    throw new InvalidArgumentError({ argument: name, value: schema, expected: 'a message schema of @bufbuild/protobuf' })
  const protobuf = { typeName: schema.typeName, descriptorSet: descriptorSetOf(schema.file) }
  return createMessage({ name, typeId, version, encoding: 'protobuf', fields: [], protobuf }, schema)
}

/** The message type of a registry's description, which holds the descriptors. */
export function protobufFromDescription(description: SchemaDescription): ValueMessage<string, unknown> {
  const { name, protobuf } = description
  const schema = protobuf === undefined ? undefined : findSchema(protobuf.typeName, protobuf.descriptorSet)
  if (schema === undefined)
    throw new InvalidArgumentError({ argument: name, value: protobuf?.typeName, expected: 'a descriptor set with the message' })
  return createMessage(description, schema) as unknown as ValueMessage<string, unknown>
}

function createMessage<Desc extends DescMessage, Name extends string>(
  description: SchemaDescription,
  schema: Desc,
): ValueMessage<Name, MessageShape<Desc>, MessageInitShape<Desc>> {
  const { create, fromBinary, toBinary } = requirePeer<Protobuf>('@bufbuild/protobuf')
  return ValueMessage.of(description, {
    encode: (input) => toBinary(schema, create(schema, input)),
    // Fields of bytes are views of what is decoded.
    decode: (bytes) => fromBinary(schema, bytes.slice()),
  })
}

/** The file and all that it imports, those first, as a serialized FileDescriptorSet. */
function descriptorSetOf(file: DescFile): string {
  const { create, toBinary } = requirePeer<Protobuf>('@bufbuild/protobuf')
  const { FileDescriptorSetSchema } = requirePeer<WellKnown>('@bufbuild/protobuf/wkt')
  const files = new Map<string, DescFile>()
  const collect = (one: DescFile) => {
    if (files.has(one.name)) return
    for (const dependency of one.dependencies) collect(dependency)
    files.set(one.name, one)
  }
  collect(file)
  const set = create(FileDescriptorSetSchema, { file: [...files.values()].map(({ proto }) => proto) })
  return Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString('base64')
}

function findSchema(typeName: string, descriptorSet: string): DescMessage | undefined {
  const { createFileRegistry, fromBinary } = requirePeer<Protobuf>('@bufbuild/protobuf')
  const { FileDescriptorSetSchema } = requirePeer<WellKnown>('@bufbuild/protobuf/wkt')
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptorSet, 'base64'))).getMessage(typeName)
  } catch (cause) {
    throw new InvalidArgumentError({ argument: 'descriptorSet', value: typeName, expected: 'a FileDescriptorSet' }, { cause })
  }
}
