import { fieldSize } from '../layout/field-size.js'
import type {
  ArraySpec,
  EnumSpec,
  FieldDescription,
  FixedSpec,
  FlagsSpec,
  NumberSpec,
  TextEncodingName,
  TextSpec,
} from '../spec/field-spec.js'
import { type IntegerType, isIntegerType, isNumericType, NUMERIC_TYPES, type NumericType } from '../spec/numeric-type.js'
import type { XmlElement } from './read-xml.js'
import { optionalInteger, type Presence, presenceOf, refuseElement, requiredText } from './sbe-source.js'

const PRIMITIVES: Readonly<Record<string, NumericType>> = {
  int8: 'i8',
  int16: 'i16',
  int32: 'i32',
  int64: 'i64',
  uint8: 'u8',
  uint16: 'u16',
  uint32: 'u32',
  uint64: 'u64',
  float: 'f32',
  double: 'f64',
}

const ENCODINGS: Readonly<Record<string, TextEncodingName>> = {
  ASCII: 'ascii',
  'US-ASCII': 'ascii',
  'ISO-8859-1': 'latin1',
  LATIN1: 'latin1',
  'UTF-8': 'utf8',
  UTF8: 'utf8',
}

/** SBE holds versions in 16 bits. */
export const MAX_SBE_VERSION = 0xffff

/** Composites may refer to composites: a small schema could name more fields than memory holds. */
const MAX_FIELDS = 65_536

/** How a field, or a part of a composite, uses a type. */
export interface TypeUse {
  readonly element: XmlElement
  readonly presence?: Presence | undefined
  readonly valueRef?: string | undefined
}

/** The named types of a schema, turned into specifications of fields. */
export class SbeTypes {
  readonly #types = new Map<string, XmlElement>()
  readonly #resolving = new Set<string>()
  #fieldCount = 0

  /** Adds the children of a `<types>` element. */
  add(types: XmlElement): void {
    for (const element of types.children) {
      const name = requiredText(element, 'name')
      if (this.#types.has(name)) refuseElement(element, name, 'a name that no other type has')
      this.#types.set(name, element)
    }
  }

  /** The composite with this name. */
  composite(name: string, user: XmlElement): XmlElement {
    const element = this.#types.get(name)
    if (element?.name !== 'composite') refuseElement(user, name, 'the name of a composite')
    return element
  }

  /** The version that a use of a type by name came with: the later one of the field's and the type's own. 0 is the first. */
  since(name: string, use: XmlElement): number {
    const type = this.#types.get(name)
    const typeSince = type === undefined ? 0 : (optionalInteger(type, 'sinceVersion', MAX_SBE_VERSION) ?? 0)
    return Math.max(typeSince, optionalInteger(use, 'sinceVersion', MAX_SBE_VERSION) ?? 0)
  }

  /** The specification of a field that has a type by name. */
  resolve(name: string, use: TypeUse): FixedSpec {
    this.countField(use.element)
    const element = this.#types.get(name)
    if (element === undefined) {
      if (name !== 'char' && !Object.hasOwn(PRIMITIVES, name)) refuseElement(use.element, name, 'the name of a type')
      return this.#simple(
        { name: 'type', attributes: new Map([['primitiveType', name]]), children: [], text: '', line: use.element.line },
        use,
      )
    }
    if (this.#resolving.has(name)) refuseElement(use.element, name, 'a type that does not contain itself')
    this.#resolving.add(name)
    try {
      return this.element(element, use)
    } finally {
      this.#resolving.delete(name)
    }
  }

  /** The specification of a type that is given by its element. */
  element(element: XmlElement, use: TypeUse): FixedSpec {
    switch (element.name) {
      case 'type':
        return this.#simple(element, use)
      case 'enum':
        return this.#enum(element, use)
      case 'set':
        return this.#set(element)
      case 'composite':
        return this.#composite(element)
      default:
        return refuseElement(element, element.name, 'type, enum, set or composite')
    }
  }

  /** Places the parts of a composite. */
  compositeFields(composite: XmlElement): { readonly fields: FieldDescription[]; readonly size: number } {
    const fields: FieldDescription[] = []
    const names = new Set<string>()
    let end = 0
    for (const part of composite.children) {
      this.countField(part)
      const spec =
        part.name === 'ref' ? this.resolve(requiredText(part, 'type'), { element: part }) : this.element(part, { element: part })
      const offset = optionalInteger(part, 'offset') ?? end
      if (offset < end) refuseElement(part, offset, `an offset of at least ${end}`)
      const since =
        part.name === 'ref'
          ? this.since(requiredText(part, 'type'), part)
          : (optionalInteger(part, 'sinceVersion', MAX_SBE_VERSION) ?? 0)
      const name = requiredText(part, 'name')
      if (names.has(name)) refuseElement(part, name, 'a name that no other part has')
      names.add(name)
      fields.push({ ...spec, name, offset, ...sinceFacts(since, spec) } as FieldDescription)
      end = offset + fieldSize(spec)
    }
    if (fields.length === 0) refuseElement(composite, 'no parts', 'at least one part')
    return { fields, size: end }
  }

  countField(element: XmlElement): void {
    this.#fieldCount++
    if (this.#fieldCount > MAX_FIELDS) refuseElement(element, this.#fieldCount, `at most ${MAX_FIELDS} fields in all`)
  }

  #simple(element: XmlElement, use: TypeUse): FixedSpec {
    const primitive = requiredText(element, 'primitiveType')
    const presence = use.presence ?? presenceOf(element) ?? 'required'
    if (presence === 'constant') return this.#constant(element, primitive, use)
    const length = optionalInteger(element, 'length', 0x7fff_ffff) ?? 1
    if (length === 0) refuseElement(element, 0, 'a length of at least 1 outside of variable data')
    const isOptional = presence === 'optional'
    if (primitive === 'char') return textSpec(element, length, isOptional)
    const kind = primitiveType(element, primitive)
    if (length > 1) return arraySpec(element, kind, length, isOptional)
    return numberSpec(element, kind, isOptional)
  }

  #constant(element: XmlElement, primitive: string, use: TypeUse): FixedSpec {
    const valueRef = use.valueRef ?? element.attributes.get('valueRef')
    if (valueRef !== undefined) return this.#referredValue(valueRef, primitive, use.element)
    const text = element.text.trim() === '' ? use.element.text.trim() : element.text.trim()
    if (text === '') refuseElement(element, text, 'the value of the constant')
    if (primitive === 'char') return { kind: 'constant', value: text }
    return numericConstant(element, primitiveType(element, primitive), text)
  }

  /** `Enum.member` as the value of a constant of another type. */
  #referredValue(valueRef: string, primitive: string, user: XmlElement): FixedSpec {
    const { spec, member } = this.#member(valueRef, user)
    const value = spec.members[member] as number
    if (primitive === 'char') return { kind: 'constant', value: String.fromCharCode(value) }
    return numericConstant(user, primitiveType(user, primitive), String(value))
  }

  #member(valueRef: string, user: XmlElement): { readonly spec: EnumSpec; readonly member: string } {
    const dot = valueRef.lastIndexOf('.')
    const element = this.#types.get(valueRef.slice(0, dot))
    if (dot === -1 || element?.name !== 'enum') refuseElement(user, valueRef, 'Enum.member as valueRef')
    const spec = this.#enumSpec(element)
    const member = valueRef.slice(dot + 1)
    if (!Object.hasOwn(spec.members, member)) refuseElement(user, valueRef, 'a member of the enum')
    return { spec, member }
  }

  #enum(element: XmlElement, use: TypeUse): FixedSpec {
    const presence = use.presence ?? presenceOf(element)
    if (presence !== 'constant') return this.#enumSpec(element)
    const valueRef = use.valueRef ?? element.attributes.get('valueRef') ?? refuseElement(use.element, undefined, 'a valueRef')
    const { member } = this.#member(valueRef, use.element)
    return { kind: 'constant', value: member }
  }

  /** The null value of an enum reads as `undefined`, for every presence: SBE's own decoders do so. */
  #enumSpec(element: XmlElement): EnumSpec {
    const { type, isChar, nullValue } = this.#encodingType(element)
    const members = Object.fromEntries(
      element.children.map((member) => {
        if (member.name !== 'validValue') refuseElement(member, member.name, 'validValue')
        return [choiceName(member), isChar ? charCode(member) : integerText(member)]
      }),
    )
    if (element.children.length === 0) refuseElement(element, 'no members', 'at least one validValue')
    if (Object.keys(members).length !== element.children.length) refuseElement(element, 'members', 'members with different names')
    const own = enumNullValue(element, type, isChar) ?? nullValue ?? (isChar ? 0 : undefined)
    return { kind: 'enum', type, members, optional: true, ...(own !== undefined && { nullValue: own }) }
  }

  #set(element: XmlElement): FlagsSpec {
    const { type } = this.#encodingType(element)
    const bits = Object.fromEntries(
      element.children.map((choice) => {
        if (choice.name !== 'choice') refuseElement(choice, choice.name, 'choice')
        return [choiceName(choice), integerText(choice)]
      }),
    )
    if (element.children.length === 0) refuseElement(element, 'no choices', 'at least one choice')
    if (Object.keys(bits).length !== element.children.length) refuseElement(element, 'choices', 'choices with different names')
    return { kind: 'flags', type, bits }
  }

  #composite(element: XmlElement): FixedSpec {
    return { kind: 'composite', ...this.compositeFields(element) }
  }

  /** The integer type of an enum or a set: a primitive type or a named one. */
  #encodingType(element: XmlElement): {
    readonly type: IntegerType
    readonly isChar: boolean
    readonly nullValue?: number | undefined
  } {
    const name = requiredText(element, 'encodingType')
    const named = this.#types.get(name)
    const primitive = named === undefined ? name : requiredText(named, 'primitiveType')
    const isChar = primitive === 'char'
    const type = isChar ? 'u8' : PRIMITIVES[primitive]
    if (!isIntegerType(type)) refuseElement(element, name, 'char or an integer as encodingType')
    return { type, isChar, ...(named !== undefined && { nullValue: enumNullValue(named, type, isChar) }) }
  }
}

/** A field of a later version can be absent. */
export function sinceFacts(since: number, spec: FixedSpec): { since?: number; optional?: true } {
  if (since === 0) return {}
  return { since, ...(!['flags', 'composite', 'constant'].includes(spec.kind) && { optional: true as const }) }
}

export function primitiveType(element: XmlElement, primitive: string): NumericType {
  const type = Object.hasOwn(PRIMITIVES, primitive) ? PRIMITIVES[primitive] : undefined
  return type ?? refuseElement(element, primitive, 'a primitive type')
}

/** Name of SBE's primitive type. */
export function primitiveName(type: NumericType): string {
  return Object.keys(PRIMITIVES).find((name) => PRIMITIVES[name] === type) as string
}

export function textEncoding(element: XmlElement): TextEncodingName | undefined {
  const name = element.attributes.get('characterEncoding')
  if (name === undefined || name === '') return undefined
  return (
    ENCODINGS[name.toUpperCase()] ?? refuseElement(element, name, `a character encoding of ${Object.keys(ENCODINGS).join(', ')}`)
  )
}

function textSpec(element: XmlElement, length: number, isOptional: boolean): TextSpec {
  const code = length === 1 && isOptional ? charNullValue(element) : undefined
  const nullValue = code === undefined || code === 0 ? undefined : String.fromCharCode(code)
  return {
    kind: 'text',
    length,
    encoding: textEncoding(element) ?? 'ascii',
    ...(isOptional && { optional: true }),
    ...(nullValue !== undefined && { nullValue }),
  }
}

function arraySpec(element: XmlElement, kind: NumericType, length: number, isOptional: boolean): ArraySpec {
  const nullValue = isOptional ? limitOf(element, 'nullValue') : undefined
  return {
    kind: 'array',
    element: kind,
    length,
    ...(isOptional && { optional: true }),
    ...(nullValue !== undefined && { nullValue }),
  }
}

function limitOf(element: XmlElement, attribute: string): string | undefined {
  const text = element.attributes.get(attribute)?.trim()
  return text === undefined || text === '' ? undefined : text
}

/** The null value that an enum or its named type gives; `undefined` for the one that the type has anyway. */
function enumNullValue(element: XmlElement, type: IntegerType, isChar: boolean): number | undefined {
  if (isChar) return charNullValue(element)
  const text = limitOf(element, 'nullValue')
  if (text === undefined || text === String(NUMERIC_TYPES[type].nullValue)) return undefined
  return safeInteger(text) ?? refuseElement(element, text, 'an integer as nullValue')
}

/** A character, or the number of one: schemas of exchanges say 0 where they mean the byte 0. */
function charNullValue(element: XmlElement): number | undefined {
  const text = limitOf(element, 'nullValue')
  if (text === undefined) return undefined
  const code = text.length === 1 && !/\d/.test(text) ? text.charCodeAt(0) : (safeInteger(text) ?? Number.NaN)
  return code >= 0 && code <= 0x7f ? code : refuseElement(element, text, 'one character as nullValue')
}

function numberSpec(element: XmlElement, kind: NumericType, isOptional: boolean): NumberSpec {
  const [min, max, nullValue] = ['minValue', 'maxValue', 'nullValue'].map((attribute) => limitOf(element, attribute))
  return {
    kind,
    ...(isOptional && { optional: true }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(nullValue !== undefined && { nullValue }),
  }
}

function numericConstant(element: XmlElement, type: NumericType, text: string): FixedSpec {
  if (!isNumericType(type)) refuseElement(element, type, 'a number')
  const value = Number(text)
  if (!isIntegerType(type)) return Number.isFinite(value) ? { kind: 'constant', value } : refuseElement(element, text, 'a number')
  const { min, max, isBig } = NUMERIC_TYPES[type]
  if (!/^-?\d{1,20}$/.test(text) || BigInt(text) < BigInt(min) || BigInt(text) > BigInt(max))
    refuseElement(element, text, `an integer of ${min} to ${max}`)
  return isBig ? { kind: 'constant', value: text, isBig: true } : { kind: 'constant', value }
}

function choiceName(element: XmlElement): string {
  const name = requiredText(element, 'name')
  return name === '__proto__' ? refuseElement(element, name, 'another name') : name
}

/** A blank is a character, too, where it stands alone. */
function charCode(element: XmlElement): number {
  const text = element.text.length === 1 ? element.text : element.text.trim()
  return text.length === 1 && text.charCodeAt(0) <= 0xff ? text.charCodeAt(0) : refuseElement(element, text, 'one character')
}

function integerText(element: XmlElement): number {
  const text = element.text.trim()
  return safeInteger(text) ?? refuseElement(element, text, 'an integer')
}

function safeInteger(text: string): number | undefined {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}
