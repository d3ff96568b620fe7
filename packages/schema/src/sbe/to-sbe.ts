import { checkMembers, checkOptions, TEXT } from '../errors/check-options.js'
import { InvalidArgumentError } from '../errors/index.js'
import { blockLengthAt } from '../layout/field-size.js'
import { checkRange, checkTypeList } from '../message/check-message.js'
import type { AnyMessageType } from '../message/message-type.js'
import { type FieldDescription, isSection, isSlot, type SchemaDescription } from '../spec/field-spec.js'
import { elementParts, isNumericType } from '../spec/numeric-type.js'
import { primitiveName } from './sbe-types.js'

/** The message header in front of an exported message: block length, template id, schema id, version, two bytes each, little-endian. */
export const SBE_HEADER_LENGTH = 8
const TEMPLATE_ID_OFFSET = 2
const SCHEMA_ID_OFFSET = 4
const VERSION_OFFSET = 6

export interface SbeExport {
  readonly package: string
  /** The schema's id, 0 to 65535. */
  readonly id: number
  readonly description?: string
}

/**
 * Returns the SBE schema of message types in the encoding flat1, for other languages. Only types without variable parts can be exported: then the payload is
 * SBE's block, and {@link writeSbeHeader} makes the header that SBE puts in front of it.
 *
 * @throws `ERR_INVALID_ARGUMENT` for a type that SBE cannot describe, with the field
 */
export function toSbe(types: readonly AnyMessageType[], schema: SbeExport): string {
  checkOptions(schema, { package: true, id: true, description: TEXT })
  if (!Number.isInteger(schema.id) || schema.id < 0 || schema.id > 0xffff)
    throw new InvalidArgumentError({ argument: 'id', value: schema.id, expected: 'an integer of 0 to 65535' })
  if (typeof schema.package !== 'string')
    throw new InvalidArgumentError({ argument: 'package', value: schema.package, expected: 'a text' })
  checkTypeList(types)
  for (const type of types) checkExportable(type.description)
  const version = types.reduce((newest, type) => Math.max(newest, type.version), 0)
  const named = new TypeList()
  const messages = types.map((type) => messageXml(type.description, named))
  return [
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
    `<sbe:messageSchema xmlns:sbe="http://fixprotocol.io/2016/sbe" package="${escapeXml(schema.package)}" id="${schema.id}" version="${version}"` +
      `${schema.description === undefined ? '' : ` description="${escapeXml(schema.description)}"`} byteOrder="littleEndian">`,
    '    <types>',
    '        <composite name="messageHeader">',
    ...['blockLength', 'templateId', 'schemaId', 'version'].map(
      (name) => `            <type name="${name}" primitiveType="uint16"/>`,
    ),
    '        </composite>',
    ...named.xml(),
    '    </types>',
    ...messages.flat(),
    '</sbe:messageSchema>',
    '',
  ].join('\n')
}

/** Writes the SBE header for a payload of this type and version: {@link SBE_HEADER_LENGTH} bytes. */
export function writeSbeHeader(
  view: DataView,
  offset: number,
  message: { readonly type: AnyMessageType; readonly schemaId: number; readonly version?: number },
): void {
  checkMembers('message', message, ['type', 'schemaId'], 'an object with type and schemaId')
  const { type, schemaId } = message
  checkTypeList([type])
  checkRange(type.name, view, offset, SBE_HEADER_LENGTH)
  const version = message.version ?? type.version
  view.setUint16(offset, blockLengthAt(type.description.fields, version), true)
  view.setUint16(offset + TEMPLATE_ID_OFFSET, type.typeId, true)
  view.setUint16(offset + SCHEMA_ID_OFFSET, schemaId, true)
  view.setUint16(offset + VERSION_OFFSET, version, true)
}

function checkExportable(description: SchemaDescription): void {
  const { name, encoding, fields } = description
  if (encoding !== 'flat1') throw new InvalidArgumentError({ argument: name, value: encoding, expected: 'the encoding flat1' })
  const variable = fields.find((field) => isSlot(field) || isSection(field))
  if (variable !== undefined)
    throw new InvalidArgumentError({
      argument: `${name}.${variable.name}`,
      value: variable.kind,
      expected: 'a field of a fixed size',
    })
  if (blockLengthAt(fields, Number.POSITIVE_INFINITY) > 0xffff)
    throw new InvalidArgumentError({ argument: name, value: 'block', expected: `a block of at most ${0xffff} bytes` })
}

function messageXml(description: SchemaDescription, named: TypeList): string[] {
  const { name, typeId, fields } = description
  const lines = fields.map((field, index) => {
    const since = field.since === undefined ? '' : ` sinceVersion="${field.since}"`
    // An enum, a set or a composite has no presence of its own here: its null value belongs to its type.
    const presence = 'optional' in field && field.optional && field.kind === 'enum' ? ' presence="optional"' : ''
    return `        <field name="${escapeXml(field.name)}" id="${index + 1}" type="${named.typeOf(field, name)}" offset="${field.offset}"${presence}${since}/>`
  })
  return [
    `    <sbe:message name="${escapeXml(name)}" id="${typeId}" blockLength="${blockLengthAt(fields, Number.POSITIVE_INFINITY)}">`,
    ...lines,
    '    </sbe:message>',
  ]
}

/** The named types that fields need; one for each different definition. */
class TypeList {
  readonly #names = new Map<string, string>()
  readonly #used = new Set(['messageHeader'])

  /** Name of the type of a field. */
  typeOf(field: FieldDescription, message: string): string {
    if (isPlain(field)) return primitiveName(field.kind === 'timestampNs' ? 'u64' : (field.kind as 'u8'))
    const definition = definitionOf(field)
    const known = this.#names.get(definition)
    if (known !== undefined) return known
    const name = this.#free(`${message}_${field.name}`.replace(/[^A-Za-z0-9_]/g, '_'))
    this.#names.set(definition, name)
    return name
  }

  xml(): string[] {
    return [...this.#names].flatMap(([definition, name]) =>
      definition
        .replace('%NAME%', name)
        .split('\n')
        .map((line) => `        ${line}`),
    )
  }

  #free(wanted: string): string {
    let name = wanted
    for (let count = 2; this.#used.has(name); count++) name = `${wanted}_${count}`
    this.#used.add(name)
    return name
  }
}

/** Whether the field has a type that SBE has a name for. */
function isPlain(field: FieldDescription): boolean {
  if (field.kind === 'timestampNs') return !field.optional
  return (
    isNumericType(field.kind) &&
    Object.keys(field).every((fact) => ['kind', 'name', 'offset', 'since', 'asNumber'].includes(fact))
  )
}

function definitionOf(field: FieldDescription): string {
  switch (field.kind) {
    case 'timestampNs':
      return simpleType('uint64', { semanticType: 'UTCTimestamp', ...optionalFact(field) })
    case 'bool':
      return enumType('uint8', { F: 0, T: 1 })
    case 'enum':
      return enumType(primitiveName(field.type), field.members)
    case 'flags':
      return choices('set', 'choice', primitiveName(field.type), field.bits)
    case 'decimal':
      return composite([
        `<type name="mantissa" primitiveType="int64"${field.optional ? ' presence="optional"' : ''}/>`,
        `<type name="exponent" primitiveType="int8" presence="constant">${-field.scale}</type>`,
      ])
    case 'complex': {
      const primitive = primitiveName(field.type)
      return composite([`<type name="re" primitiveType="${primitive}"/>`, `<type name="im" primitiveType="${primitive}"/>`])
    }
    case 'text':
      return simpleType('char', {
        length: field.length,
        characterEncoding: 'US-ASCII',
        nullValue: field.nullValue,
        ...optionalFact(field),
      })
    case 'array': {
      const { type, perElement } = elementParts(field.element)
      return simpleType(primitiveName(type), {
        length: field.length * perElement,
        nullValue: field.nullValue,
        ...optionalFact(field),
      })
    }
    default: {
      const { min, max, nullValue } = field as { min?: string; max?: string; nullValue?: string }
      const limits = { minValue: min, maxValue: max, nullValue }
      return simpleType(primitiveName(field.kind as 'u8'), { ...limits, ...optionalFact(field as { optional?: true }) })
    }
  }
}

function optionalFact(field: { readonly optional?: true }): { presence?: string } {
  return field.optional ? { presence: 'optional' } : {}
}

function simpleType(primitive: string, facts: Readonly<Record<string, string | number | undefined>>): string {
  const attributes = Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [` ${name}="${value}"`]))
  return `<type name="%NAME%" primitiveType="${primitive}"${attributes.join('')}/>`
}

function composite(parts: readonly string[]): string {
  return ['<composite name="%NAME%">', ...parts.map((part) => `    ${part}`), '</composite>'].join('\n')
}

function enumType(primitive: string, members: Readonly<Record<string, number>>): string {
  return choices('enum', 'validValue', primitive, members)
}

function choices(tag: 'enum' | 'set', choice: string, primitive: string, values: Readonly<Record<string, number>>): string {
  const lines = Object.entries(values).map(([name, value]) => `    <${choice} name="${escapeXml(name)}">${value}</${choice}>`)
  return [`<${tag} name="%NAME%" encodingType="${primitive}">`, ...lines, `</${tag}>`].join('\n')
}

/** XML has no way to write them, and a terminal would run some of them. */
const UNWRITABLE = /[\p{Cc}\p{Cs}\ufffe\uffff]/u

/** @throws `ERR_INVALID_ARGUMENT` for text that XML cannot hold */
function escapeXml(text: string): string {
  if (UNWRITABLE.test(text))
    throw new InvalidArgumentError({ argument: 'name', value: text, expected: 'text without control characters' })
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
