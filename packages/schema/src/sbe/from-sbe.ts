import { CALLBACK, checkOptions } from '../errors/check-options.js'
import { blockLengthAt, fieldSize } from '../layout/field-size.js'
import { checkDescription } from '../registry/check-description.js'
import { MAX_FIXED_LENGTH } from '../spec/check-spec.js'
import type { DataSpec, FieldDescription, GroupSpec, HeaderField, SbeHeader, SchemaDescription } from '../spec/field-spec.js'
import { isIntegerType, type NumericType } from '../spec/numeric-type.js'
import { readXml, type XmlElement } from './read-xml.js'
import { SbeMessage } from './sbe-message.js'
import { optionalInteger, presenceOf, refuseElement, requiredInteger, requiredText } from './sbe-source.js'
import { MAX_SBE_VERSION, primitiveType, SbeTypes, sinceFacts, textEncoding } from './sbe-types.js'
import { headerFieldMax } from './section-sizes.js'

/** A message schema of SBE. */
export interface SbeSchema {
  readonly package: string
  readonly id: number
  readonly version: number
  readonly byteOrder: 'little' | 'big'
  readonly header: SbeHeader
  /** The messages by their names. */
  readonly messages: Readonly<Record<string, SbeMessage>>
}

export interface SbeOptions {
  /** Gives the text of a file that the schema includes with `<xi:include href="...">`. Without it such a schema is refused. */
  readonly include?: (href: string) => string
  /** The queue's typeId of a message; the template id unless said otherwise. */
  readonly typeId?: (message: { readonly name: string; readonly templateId: number }) => number
}

/**
 * Reads a schema of Simple Binary Encoding. Its messages are message types as any other: they are read and written in place, with groups, variable data,
 * versions, constants and null values. A payload begins with the schema's message header.
 *
 * @throws `ERR_INVALID_ARGUMENT` with the line for everything that is not a schema
 * @see https://github.com/FIXTradingCommunity/fix-simple-binary-encoding
 */
export function fromSbe(xml: string, options: SbeOptions = {}): SbeSchema {
  checkOptions(options, { include: CALLBACK, typeId: CALLBACK })
  const root = readXml(xml)
  if (root.name !== 'messageSchema') refuseElement(root, root.name, 'messageSchema')
  const types = new SbeTypes()
  const messageElements = collect(root, types, options)
  const context: SchemaContext = {
    types,
    id: requiredInteger(root, 'id', 0xffff),
    version: optionalInteger(root, 'version', MAX_SBE_VERSION) ?? 0,
    byteOrder: byteOrderOf(root),
    header: headerOf(root, types),
    typeIdOf: options.typeId ?? (({ templateId }) => templateId),
  }
  const messages = messageElements.map((element) => SbeMessage.of(describeMessage(element, context)))
  for (const fact of ['name', 'typeId'] as const) {
    if (new Set(messages.map((message) => message[fact])).size !== messages.length)
      refuseElement(root, fact, `messages with different values of ${fact}`)
  }
  const { id, version, byteOrder, header } = context
  const byName = Object.fromEntries(messages.map((message) => [message.name, message]))
  return { package: root.attributes.get('package') ?? '', id, version, byteOrder, header, messages: byName }
}

interface SchemaContext {
  readonly types: SbeTypes
  readonly id: number
  readonly version: number
  readonly byteOrder: 'little' | 'big'
  readonly header: SbeHeader
  readonly typeIdOf: NonNullable<SbeOptions['typeId']>
}

/** Adds all types of the schema and of what it includes; returns the elements of its messages. */
function collect(root: XmlElement, types: SbeTypes, options: SbeOptions): XmlElement[] {
  const messages: XmlElement[] = []
  for (const element of root.children) {
    if (element.name === 'types') types.add(element)
    else if (element.name === 'message') messages.push(element)
    else if (element.name === 'include') types.add(includedTypes(element, options))
    else refuseElement(element, element.name, 'types, message or include')
  }
  return messages
}

function includedTypes(element: XmlElement, options: SbeOptions): XmlElement {
  const href = requiredText(element, 'href')
  if (options.include === undefined) refuseElement(element, href, 'the option include, which gives the text of included files')
  const root = readXml(options.include(href))
  return root.name === 'types' ? root : refuseElement(element, root.name, 'types in an included file')
}

function byteOrderOf(root: XmlElement): 'little' | 'big' {
  const order = root.attributes.get('byteOrder') ?? 'littleEndian'
  if (order === 'littleEndian') return 'little'
  return order === 'bigEndian' ? 'big' : refuseElement(root, order, 'littleEndian or bigEndian')
}

function headerOf(root: XmlElement, types: SbeTypes): SbeHeader {
  const composite = types.composite(root.attributes.get('headerType') ?? 'messageHeader', root)
  const { fields, size } = types.compositeFields(composite)
  const field = (name: string) => headerField(fields, name, composite)
  return {
    size,
    blockLength: field('blockLength'),
    templateId: field('templateId'),
    schemaId: field('schemaId'),
    version: field('version'),
    fields,
  }
}

function headerField(fields: readonly FieldDescription[], name: string, composite: XmlElement): HeaderField {
  const field = fields.find((candidate) => candidate.name === name)
  if (field === undefined || !isIntegerType(field.kind))
    refuseElement(composite, name, `an integer called ${name} in the composite`)
  return { offset: field.offset, type: field.kind }
}

function describeMessage(element: XmlElement, context: SchemaContext): SchemaDescription {
  const name = requiredText(element, 'name')
  const templateId = requiredInteger(element, 'id', 0xffff)
  const { id: schemaId, byteOrder, header, version } = context
  const fields = describeFields(element, context)
  const block = blockLengthOf(element, fields)
  checkFits(element, 'a blockLength', { value: block, field: header.blockLength })
  checkFits(element, 'an id', { value: templateId, field: header.templateId })
  checkFits(element, 'an id of the schema', { value: schemaId, field: header.schemaId })
  checkFits(element, 'a version', { value: version, field: header.version })
  const description: SchemaDescription = {
    name,
    typeId: context.typeIdOf({ name, templateId }),
    version,
    encoding: 'sbe',
    fields,
    sbe: { schemaId, templateId, byteOrder, blockLength: block, header },
  }
  checkDescription(description)
  return description
}

/** `blockLength` can be longer than the fields, never shorter. */
function blockLengthOf(element: XmlElement, fields: readonly FieldDescription[]): number {
  const needed = blockLengthAt(fields, MAX_SBE_VERSION)
  const block = optionalInteger(element, 'blockLength', MAX_FIXED_LENGTH) ?? needed
  if (needed > MAX_FIXED_LENGTH) refuseElement(element, needed, `a block of at most ${MAX_FIXED_LENGTH} bytes`)
  return block >= needed ? block : refuseElement(element, block, `a blockLength of at least ${needed}`)
}

/** What a header cannot hold would be another value in each message. */
function checkFits(element: XmlElement, what: string, { value, field }: { value: number; field: HeaderField }): void {
  const max = headerFieldMax(field)
  if (value > max) refuseElement(element, value, `${what} of at most ${max}, which its header holds as ${field.type}`)
}

const SECTION_ORDER = ['field', 'group', 'data']

function describeFields(parent: XmlElement, context: SchemaContext): FieldDescription[] {
  const fields: FieldDescription[] = []
  const names = new Set<string>()
  let end = 0
  let order = 0
  let sections = 0
  for (const element of parent.children) {
    const place = SECTION_ORDER.indexOf(element.name)
    if (place < order) refuseElement(element, element.name, 'fields, then groups, then data')
    order = place
    const name = requiredText(element, 'name')
    if (names.has(name)) refuseElement(element, name, 'a name that no other field has')
    names.add(name)
    if (element.name === 'field') {
      const field = describeField(element, name, end, context)
      fields.push(field)
      end = Math.max(end, field.offset + fieldSize(field))
    } else {
      const spec = element.name === 'group' ? describeGroup(element, context) : describeData(element, context.types)
      const since = context.types.since(element.attributes.get('type') ?? '', element)
      fields.push({ name, offset: sections++, ...(since > 0 && { since }), ...spec })
    }
  }
  return fields
}

function describeField(element: XmlElement, name: string, end: number, { types }: SchemaContext): FieldDescription {
  const type = requiredText(element, 'type')
  const presence = presenceOf(element)
  const spec = types.resolve(type, { element, presence, valueRef: element.attributes.get('valueRef') })
  const offset = spec.kind === 'constant' ? end : (optionalInteger(element, 'offset', MAX_FIXED_LENGTH) ?? end)
  if (offset < end) refuseElement(element, offset, `an offset of at least ${end}`)
  const since = types.since(type, element)
  // An enum's null value can always be read, but must not be written by leaving a required field out.
  const isRequiredEnum = spec.kind === 'enum' && presence !== 'optional' && since === 0
  return { ...spec, name, offset, ...sinceFacts(since, spec), ...(isRequiredEnum && { required: true }) } as FieldDescription
}

function describeGroup(element: XmlElement, context: SchemaContext): GroupSpec {
  const composite = context.types.composite(element.attributes.get('dimensionType') ?? 'groupSizeEncoding', element)
  const { fields: dimension, size } = context.types.compositeFields(composite)
  context.types.countField(element)
  const fields = describeFields(element, context)
  if (fields.length === 0) refuseElement(element, 'no fields', 'at least one field')
  const blockLength = blockLengthOf(element, fields)
  const lengthField = headerField(dimension, 'blockLength', composite)
  checkFits(element, 'a blockLength', { value: blockLength, field: lengthField })
  return {
    kind: 'group',
    blockLength,
    dimension: {
      size,
      blockLength: lengthField,
      count: headerField(dimension, 'numInGroup', composite),
    },
    fields,
  }
}

/** The composite of variable data: a length, then `varData`, whose own length says nothing. */
function describeData(element: XmlElement, types: SbeTypes): DataSpec {
  types.countField(element)
  const composite = types.composite(requiredText(element, 'type'), element)
  const part = (name: string) =>
    composite.children.find((child) => child.attributes.get('name') === name) ??
    refuseElement(composite, name, `a part called ${name}`)
  const length = part('length')
  const varData = part('varData')
  const lengthType: NumericType = primitiveType(length, requiredText(length, 'primitiveType'))
  if (!isIntegerType(lengthType)) refuseElement(length, lengthType, 'an integer')
  const lengthOffset = optionalInteger(length, 'offset', 0xffff) ?? 0
  const lengthEnd = lengthOffset + fieldSize({ kind: lengthType })
  const dataOffset = optionalInteger(varData, 'offset', 0xffff) ?? lengthEnd
  if (dataOffset < lengthEnd) refuseElement(varData, dataOffset, `an offset of at least ${lengthEnd}`)
  const encoding = textEncoding(varData)
  return {
    kind: 'data',
    length: { offset: lengthOffset, type: lengthType },
    dataOffset,
    ...(encoding !== undefined && { encoding }),
  }
}
