import { InvalidArgumentError } from '../errors/index.js'
import { blockLengthAt, fieldSize } from '../layout/field-size.js'
import { offsetAfter, placeFields, strideOf } from '../layout/flat-layout.js'
import { checkKey, checkName, checkTypeId, checkVersion } from '../message/check-message.js'
import { checkFieldName, checkHeaderField, checkSpec, MAX_FIXED_LENGTH } from '../spec/check-spec.js'
import {
  ENCODINGS,
  type Encoding,
  type FieldDescription,
  type FieldSpec,
  isSection,
  isSlot,
  type SchemaDescription,
} from '../spec/field-spec.js'

/*
 * A description can come from an untrusted file. Flyweights trust its offsets, so each of them is checked here: what passes cannot read outside of a payload.
 */

/** @throws `ERR_INVALID_ARGUMENT` with the first thing that no message type of this library would say. */
export function checkDescription(description: SchemaDescription): void {
  const { name, typeId, version, encoding, fields } = description
  checkName(name)
  checkTypeId(typeId)
  // SBE counts from 0 and holds its version in the payload, in 16 bits.
  checkVersion(version, encoding === 'sbe' ? { lowest: 0, highest: 0xffff } : {})
  if (!Array.isArray(fields)) throw refuse(name, 'fields', fields, 'an array')
  checkFields(fields, description)
  if (description.key !== undefined) checkKey(fields, description.key, name)
  if (encoding === 'flat1') checkFlat(description)
  else if (encoding === 'sbe') checkSbe(description)
  else if (!isEncoding(encoding)) throw refuse(name, 'encoding', encoding, 'a known encoding')
  else if (fields.length > 0) throw refuse(name, 'fields', fields, `no fields in the encoding ${encoding}`)
}

export function isEncoding(encoding: string): encoding is Encoding {
  return (ENCODINGS as readonly string[]).includes(encoding)
}

function checkFields(fields: readonly FieldDescription[], { name: type, version }: SchemaDescription): void {
  const names = new Set<string>()
  for (const field of fields) {
    checkFieldName(field?.name)
    if (names.has(field.name)) throw refuse(type, field.name, field.name, 'different names')
    names.add(field.name)
    checkSpec(field, `${type}.${field.name}`)
    const { since } = field
    if (since !== undefined && !(Number.isInteger(since) && since >= 1 && since <= version))
      throw refuse(type, field.name, since, `since of 1 to ${version}`)
  }
}

/** Places the fields once more and compares. */
function checkFlat({ name, fields }: SchemaDescription): void {
  let end = 0
  let latest = 1
  for (const field of fields) {
    if (isSection(field) || field.kind === 'composite' || field.kind === 'constant')
      throw refuse(name, field.name, field.kind, 'a kind of flat1')
    const { since = 1 } = field
    if (latest > since) throw refuse(name, field.name, field.since, 'fields in order of their versions')
    latest = since
    const offset = offsetAfter(end, field)
    if (offset !== field.offset) throw refuse(name, field.name, field.offset, `the offset ${offset}`)
    end = offset + fieldSize(field)
    if (field.kind === 'list') checkItems(name, field)
  }
}

function checkItems(
  type: string,
  list: FieldDescription & { readonly size: number; readonly fields: readonly FieldDescription[] },
): void {
  const placed = placeFields([], Object.fromEntries(list.fields.map((field) => [field.name, field as FieldSpec])))
  for (const [index, field] of list.fields.entries()) {
    if (isSlot(field) || isSection(field) || field.kind === 'composite' || field.kind === 'constant' || field.since !== undefined)
      throw refuse(type, `${list.name}.${field.name}`, field.kind, 'a field of a fixed size')
    if (placed[index]?.offset !== field.offset)
      throw refuse(type, `${list.name}.${field.name}`, field.offset, `the offset ${placed[index]?.offset}`)
  }
  if (list.size !== strideOf(placed)) throw refuse(type, list.name, list.size, `items of ${strideOf(placed)} bytes`)
}

function checkSbe({ name, fields, sbe }: SchemaDescription): void {
  if (typeof sbe !== 'object' || sbe === null || typeof sbe.header !== 'object' || sbe.header === null)
    throw refuse(name, 'sbe', sbe, 'facts of SBE')
  for (const id of ['schemaId', 'templateId'] as const) checkInteger(name, id, sbe[id], { min: 0, max: 0xffff })
  if (sbe.byteOrder !== 'little' && sbe.byteOrder !== 'big') throw refuse(name, 'byteOrder', sbe.byteOrder, 'little or big')
  const { header } = sbe
  checkInteger(name, 'header.size', header.size, { min: 1, max: 0xffff })
  for (const part of ['blockLength', 'templateId', 'schemaId', 'version'] as const)
    checkHeaderField(header[part], header.size, (argument, value, expected) => {
      throw refuse(name, argument, value, expected)
    })
  if (!Array.isArray(header.fields)) throw refuse(name, 'header.fields', header.fields, 'an array')
  for (const field of header.fields) checkSpec(field, `${name}.header`)
  checkBlock(name, header.fields, header.size)
  checkSections(name, fields, sbe.blockLength)
}

/** Fields inside of the block, then sections in their order. */
function checkSections(type: string, fields: readonly FieldDescription[], blockLength: number): void {
  const sections = fields.filter(isSection)
  checkBlock(type, fields, blockLength)
  const last = fields.slice(fields.length - sections.length)
  for (const [index, section] of sections.entries()) {
    if (section !== last[index]) throw refuse(type, section.name, section.kind, 'groups and data after the fields')
    if (section.offset !== index) throw refuse(type, section.name, section.offset, `the index ${index}`)
    if (section.kind === 'group') checkSections(`${type}.${section.name}`, section.fields, section.blockLength)
  }
}

function checkBlock(type: string, fields: readonly FieldDescription[], blockLength: number): void {
  checkInteger(type, 'blockLength', blockLength, { min: 0, max: MAX_FIXED_LENGTH })
  for (const field of fields) {
    if (isSection(field)) continue
    if (isSlot(field)) throw refuse(type, field.name, field.kind, 'a kind of SBE')
    checkInteger(type, field.name, field.offset, { min: 0, max: MAX_FIXED_LENGTH })
    if (field.offset + fieldSize(field) > blockLength)
      throw refuse(type, field.name, field.offset, `a field inside of ${blockLength} bytes`)
    if (field.kind === 'composite') checkBlock(`${type}.${field.name}`, field.fields, field.size)
  }
  if (!(blockLengthAt(fields, Number.POSITIVE_INFINITY) <= blockLength))
    throw refuse(type, 'blockLength', blockLength, 'a block that holds its fields')
}

function checkInteger(type: string, argument: string, value: unknown, { min, max }: { min: number; max: number }): void {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
    throw refuse(type, argument, value, `an integer of ${min} to ${max}`)
}

function refuse(type: string, argument: string, value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError({ argument: `${type}.${argument}`, value, expected })
}
