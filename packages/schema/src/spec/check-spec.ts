import { InvalidArgumentError } from '../errors/index.js'
import type {
  CompositeSpec,
  ConstantSpec,
  DataSpec,
  EnumSpec,
  FieldDescription,
  FieldSpec,
  FlagsSpec,
  GroupSpec,
  HeaderField,
  ListSpec,
  NumberSpec,
} from './field-spec.js'
import {
  elementParts,
  type IntegerType,
  isElementType,
  isIntegerType,
  isNumericType,
  NUMERIC_TYPES,
  type NumericType,
} from './numeric-type.js'

/*
 * What a specification may say. The builder asks when it makes a field; a registry file and an SBE schema are checked by the same rules.
 */

/** Blocks, items and matrices may be this long; a message of a queue cannot be longer. */
export const MAX_FIXED_LENGTH = 0x7fff_ffff
/** Of the largest element, 16 bytes. */
const MAX_ELEMENTS = 0x7ff_ffff
const MAX_DECIMAL_SCALE = 18
const MAX_NESTING = 16
const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/

/**
 * Names with a meaning for JavaScript itself. A body with such a field would not behave as an object, and a value that leaves the field out has one all the same, because it inherits it.
 */
const RESERVED = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'toJSON', 'then'])

/** Refuses names that are not identifiers; among them those like "0", which JavaScript would move to the front. */
export function checkFieldName(name: unknown): void {
  if (typeof name !== 'string' || !NAME.test(name) || RESERVED.has(name))
    throw new InvalidArgumentError({
      argument: 'field name',
      value: name,
      expected: 'an identifier that is not a reserved word of objects',
    })
}

/** Throws when a specification, of a field with this name, says what no field can be. */
export function checkSpec(spec: FieldSpec, name: string, depth = 0): void {
  const refuse = (argument: string, value: unknown, expected: string): never => {
    throw new InvalidArgumentError({ argument: `${name}.${argument}`, value, expected })
  }
  if (typeof spec !== 'object' || spec === null)
    throw new InvalidArgumentError({ argument: name, value: spec, expected: 'a field' })
  if (depth > MAX_NESTING) refuse('fields', depth, `at most ${MAX_NESTING} levels`)
  if ('optional' in spec && spec.optional !== true && spec.optional !== undefined)
    refuse('optional', spec.optional, 'true or nothing')
  if (isNumericType(spec.kind)) {
    checkNumber(spec as NumberSpec, refuse)
    return
  }
  if (typeof spec.kind !== 'string' || !Object.hasOwn(CHECKS, spec.kind)) refuse('kind', spec.kind, 'a kind of field')
  const check = CHECKS[spec.kind as Exclude<FieldSpec['kind'], NumericType>] as (
    spec: FieldSpec,
    refuse: Refuse,
    depth: number,
  ) => void
  check(spec, refuse, depth)
}

type Checks = {
  readonly [Kind in Exclude<FieldSpec['kind'], NumericType>]: (
    spec: Extract<FieldSpec, { readonly kind: Kind }>,
    refuse: Refuse,
    depth: number,
  ) => void
}

const anything = () => undefined
const nested = (spec: CompositeSpec | ListSpec, refuse: Refuse, depth: number) => checkFields(spec.fields, refuse, depth + 1)
const element = (spec: { readonly element: unknown }, refuse: Refuse) => {
  if (!isElementType(spec.element)) refuse('element', spec.element, 'the type of a number')
}

const CHECKS: Checks = {
  bool: anything,
  timestampNs: anything,
  utf8: anything,
  bytes: anything,
  data: checkData,
  enum: checkEnum,
  flags: checkFlags,
  constant: checkConstant,
  vector: element,
  composite: nested,
  list: nested,
  group: checkGroup,
  decimal(spec, refuse) {
    checkWithin(spec.scale, { name: 'scale', min: 0, max: MAX_DECIMAL_SCALE }, refuse)
  },
  complex(spec, refuse) {
    if (spec.type !== 'f32' && spec.type !== 'f64') refuse('type', spec.type, 'f32 or f64')
  },
  text(spec, refuse) {
    if (!isEncoding(spec.encoding)) refuse('encoding', spec.encoding, 'ascii, latin1 or utf8')
    checkWithin(spec.length, { name: 'length', min: 1, max: MAX_FIXED_LENGTH }, refuse)
    if (spec.nullValue !== undefined && !isOneCharacter(spec.nullValue)) refuse('nullValue', spec.nullValue, 'one character')
  },
  array(spec, refuse) {
    element(spec, refuse)
    if (spec.nullValue !== undefined) checkLimit(elementParts(spec.element).type, 'nullValue', spec.nullValue, refuse)
    checkWithin(spec.length, { name: 'length', min: 1, max: MAX_ELEMENTS }, refuse)
  },
  matrix(spec, refuse) {
    element(spec, refuse)
    checkWithin(spec.rows, { name: 'rows', min: 1, max: MAX_ELEMENTS }, refuse)
    checkWithin(spec.columns, { name: 'columns', min: 1, max: Math.floor(MAX_ELEMENTS / spec.rows) }, refuse)
  },
  quantized(spec, refuse) {
    if (spec.element !== 'i8' && spec.element !== 'u8') refuse('element', spec.element, 'i8 or u8')
  },
}

type Refuse = (argument: string, value: unknown, expected: string) => never

function checkFields(fields: readonly FieldDescription[], refuse: Refuse, depth: number): void {
  if (!Array.isArray(fields) || fields.length === 0) refuse('fields', fields, 'at least one field')
  const names = new Set<string>()
  for (const field of fields) {
    checkFieldName(field.name)
    if (names.has(field.name)) refuse('fields', field.name, 'different names')
    names.add(field.name)
    checkSpec(field, field.name, depth)
  }
}

function checkNumber(spec: NumberSpec, refuse: Refuse): void {
  const { isBig } = NUMERIC_TYPES[spec.kind]
  if (spec.asNumber !== undefined && (!isBig || spec.asNumber !== true)) refuse('asNumber', spec.asNumber, 'a 64-bit integer')
  for (const limit of ['min', 'max', 'nullValue'] as const) {
    const text = spec[limit]
    if (text !== undefined) checkLimit(spec.kind, limit, text, refuse)
  }
}

/** Refuses what is not the decimal text of a number of this type. */
function checkLimit(type: NumericType, limit: string, text: unknown, refuse: Refuse): void {
  const pattern = isIntegerType(type) ? /^-?\d{1,20}$/ : /^(NaN|-?(Infinity|\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?))$/
  if (typeof text !== 'string' || !pattern.test(text)) refuse(limit, text, 'a number in decimal')
  if (!isIntegerType(type)) return
  const value = BigInt(text as string)
  const { min, max } = NUMERIC_TYPES[type]
  if (value < BigInt(min) || value > BigInt(max)) refuse(limit, text, `a number of ${min} to ${max}`)
}

function checkEnum(spec: EnumSpec, refuse: Refuse): void {
  if (!isIntegerType(spec.type)) refuse('type', spec.type, 'the type of an integer')
  const { nullValue } = NUMERIC_TYPES[spec.type]
  if (typeof spec.members !== 'object' || spec.members === null) refuse('members', spec.members, 'an object of numbers')
  const members = Object.entries(spec.members)
  if (members.length === 0) refuse('members', '{}', 'at least one member')
  const none = spec.nullValue ?? Number(nullValue)
  if (spec.nullValue !== undefined) checkEnumValue('nullValue', spec.nullValue, spec.type, refuse)
  for (const [name, value] of members) {
    if (name === '__proto__' || name === '') refuse('members', name, 'a name')
    checkEnumValue(`members.${name}`, value, spec.type, refuse)
    if (value === none) refuse(`members.${name}`, value, `a value other than ${none}, which stands for none`)
  }
  if (new Set(members.map(([, value]) => value)).size !== members.length) refuse('members', members.join(' '), 'different values')
}

function checkEnumValue(argument: string, value: unknown, type: IntegerType, refuse: Refuse): void {
  const { min, max } = NUMERIC_TYPES[type]
  if (!Number.isSafeInteger(value) || (value as number) < Number(min) || (value as number) > Number(max))
    refuse(argument, value, `an integer of ${min} to ${max}`)
}

function checkFlags(spec: FlagsSpec, refuse: Refuse): void {
  if ('optional' in spec && spec.optional !== undefined) refuse('optional', spec.optional, 'nothing: a set of flags can be empty')
  if (!isIntegerType(spec.type)) refuse('type', spec.type, 'the type of an integer')
  if (typeof spec.bits !== 'object' || spec.bits === null) refuse('bits', spec.bits, 'an object of bits')
  const bits = Object.entries(spec.bits)
  if (bits.length === 0) refuse('bits', '{}', 'at least one flag')
  const limit = NUMERIC_TYPES[spec.type].size * 8
  for (const [name, bit] of bits) {
    if (name === '__proto__' || name === '') refuse('bits', name, 'a name')
    if (!Number.isInteger(bit) || bit < 0 || bit >= limit) refuse(`bits.${name}`, bit, `a bit of 0 to ${limit - 1}`)
  }
  if (new Set(bits.map(([, bit]) => bit)).size !== bits.length) refuse('bits', bits.join(' '), 'different bits')
}

function checkConstant({ value, isBig }: ConstantSpec, refuse: Refuse): void {
  const isValid = isBig
    ? typeof value === 'string' && /^-?\d{1,20}$/.test(value)
    : typeof value === 'string' || Number.isFinite(value)
  if (!isValid) refuse('value', value, 'a number or text')
}

function checkGroup(spec: GroupSpec, refuse: Refuse, depth: number): void {
  checkFields(spec.fields, refuse, depth + 1)
  checkWithin(spec.blockLength, { name: 'blockLength', min: 0, max: MAX_FIXED_LENGTH }, refuse)
  checkWithin(spec.dimension?.size, { name: 'dimension.size', min: 1, max: 0xffff }, refuse)
  checkHeaderField(spec.dimension.blockLength, spec.dimension.size, refuse)
  checkHeaderField(spec.dimension.count, spec.dimension.size, refuse)
}

function checkData(spec: DataSpec, refuse: Refuse): void {
  checkWithin(spec.dataOffset, { name: 'dataOffset', min: 1, max: 0x1_ffff }, refuse)
  checkHeaderField(spec.length, spec.dataOffset, refuse)
  if (spec.encoding !== undefined && !isEncoding(spec.encoding)) refuse('encoding', spec.encoding, 'ascii, latin1 or utf8')
}

/** Throws when a number of a header does not lie inside of it. */
export function checkHeaderField(field: HeaderField | undefined, headerLength: number, refuse: Refuse): void {
  if (!isIntegerType(field?.type)) refuse('header', field?.type, 'the type of an integer')
  const last = headerLength - NUMERIC_TYPES[(field as HeaderField).type].size
  checkWithin((field as HeaderField).offset, { name: 'header', min: 0, max: last }, refuse)
}

function isEncoding(encoding: unknown): boolean {
  return encoding === 'ascii' || encoding === 'latin1' || encoding === 'utf8'
}

function isOneCharacter(text: unknown): boolean {
  return typeof text === 'string' && text.length === 1 && text.charCodeAt(0) > 0 && text.charCodeAt(0) <= 0x7f
}

function checkWithin(value: unknown, range: { name: string; min: number; max: number }, refuse: Refuse): void {
  const { name, min, max } = range
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
    refuse(name, value, `an integer of ${min} to ${max}`)
}
