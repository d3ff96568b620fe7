import { checkMembers } from '../errors/check-options.js'
import { nodeCrypto } from '../node-crypto.js'
import type { FieldDescription, SchemaDescription } from '../spec/field-spec.js'

/** 16 hexadecimal digits that are equal for equal layouts: encoding, kinds, offsets and versions count, names do not. */
export function fingerprintOf(description: SchemaDescription): string {
  checkIsDescription('description', description)
  const { encoding, fields, sbe, protobuf } = description
  const layout = [
    encoding,
    fields.map(layoutOf),
    sbe && [sbe.byteOrder, sbe.blockLength, sbe.header.size],
    protobuf?.descriptorSet,
  ]
  return nodeCrypto().createHash('sha256').update(JSON.stringify(layout)).digest('hex').slice(0, 16)
}

/** All facts of a field but its names, in an order of their own. */
export function layoutOf(field: FieldDescription): unknown {
  const { name: _name, ...facts } = field
  return Object.entries(facts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([fact, value]) => [fact, plainLayout(fact, value)])
}

function plainLayout(fact: string, value: unknown): unknown {
  if (fact === 'fields') return (value as FieldDescription[]).map(layoutOf)
  // Members and bits by value, without their names.
  if (fact === 'members' || fact === 'bits') return Object.values(value as Record<string, number>).sort((a, b) => a - b)
  return value
}

/** @throws `ERR_INVALID_ARGUMENT` */
export function checkIsDescription(argument: string, description: SchemaDescription): void {
  checkMembers(argument, description, ['name', 'typeId', 'version', 'encoding', 'fields'], 'the description of a message type')
}
