import type { ElementType, FloatType, IntegerType, NumericType } from './numeric-type.js'

/*
 * What a field is, as plain JSON: the builder makes it, the SBE front end makes it, the registry file holds it, and flyweights are compiled from it.
 */

export interface Nullable {
  /** SBE's null value (or an absent slot) reads as `undefined`, and `undefined` is written as that. */
  readonly optional?: true
}

export interface NumberSpec extends Nullable {
  readonly kind: NumericType
  /** A 64-bit integer as a number; values beyond 2^53 are refused. */
  readonly asNumber?: true
  /** Limits that are narrower than the type's, in decimal. */
  readonly min?: string
  readonly max?: string
  /** A null value other than SBE's, in decimal. */
  readonly nullValue?: string
}

export interface BoolSpec extends Nullable {
  readonly kind: 'bool'
}

export interface EnumSpec extends Nullable {
  readonly kind: 'enum'
  readonly type: IntegerType
  readonly members: Readonly<Record<string, number>>
  readonly nullValue?: number
}

export interface FlagsSpec {
  readonly kind: 'flags'
  readonly type: IntegerType
  /** Bit by name, 0 the lowest. */
  readonly bits: Readonly<Record<string, number>>
}

export interface DecimalSpec extends Nullable {
  readonly kind: 'decimal'
  /** Digits after the point: the value is the mantissa divided by ten to this power. */
  readonly scale: number
}

export interface TimestampSpec extends Nullable {
  readonly kind: 'timestampNs'
}

export interface ArraySpec extends Nullable {
  readonly kind: 'array'
  readonly element: ElementType
  readonly length: number
  /** A null value of the elements other than SBE's, in decimal. */
  readonly nullValue?: string
}

export interface ComplexSpec extends Nullable {
  readonly kind: 'complex'
  readonly type: FloatType
}

export type TextEncodingName = 'ascii' | 'latin1' | 'utf8'

export interface TextSpec extends Nullable {
  readonly kind: 'text'
  /** Bytes; shorter text is padded with zeros. */
  readonly length: number
  readonly encoding: TextEncodingName
  /** A text that stands for none; the empty text unless said otherwise. */
  readonly nullValue?: string
}

/** SBE: fields with a name of their own inside the block. */
export interface CompositeSpec {
  readonly kind: 'composite'
  readonly size: number
  readonly fields: readonly FieldDescription[]
}

/** SBE: a value that the schema holds and the message does not. */
export interface ConstantSpec {
  readonly kind: 'constant'
  readonly value: string | number
  /** The value is a bigint, written in decimal. */
  readonly isBig?: true
}

export type FixedSpec =
  | NumberSpec
  | BoolSpec
  | EnumSpec
  | FlagsSpec
  | DecimalSpec
  | TimestampSpec
  | ArraySpec
  | ComplexSpec
  | TextSpec
  | CompositeSpec
  | ConstantSpec

export interface VectorSpec extends Nullable {
  readonly kind: 'vector'
  readonly element: ElementType
}

export interface MatrixSpec extends Nullable {
  readonly kind: 'matrix'
  readonly element: ElementType
  readonly rows: number
  readonly columns: number
}

export interface QuantizedSpec extends Nullable {
  readonly kind: 'quantized'
  readonly element: 'u8' | 'i8'
}

export interface Utf8Spec extends Nullable {
  readonly kind: 'utf8'
}

export interface BytesSpec extends Nullable {
  readonly kind: 'bytes'
}

export interface ListSpec extends Nullable {
  readonly kind: 'list'
  /** Bytes from one item to the next. */
  readonly size: number
  readonly fields: readonly FieldDescription[]
}

/** flat1: the block holds a slot, the data follows the block. */
export type SlotSpec = VectorSpec | MatrixSpec | QuantizedSpec | Utf8Spec | BytesSpec | ListSpec

/** An unsigned number inside of a header that SBE lets the schema's author lay out. */
export interface HeaderField {
  readonly offset: number
  readonly type: IntegerType
}

/** SBE: a repeating group, after the block. */
export interface GroupSpec {
  readonly kind: 'group'
  readonly blockLength: number
  readonly dimension: { readonly size: number; readonly blockLength: HeaderField; readonly count: HeaderField }
  readonly fields: readonly FieldDescription[]
}

/** SBE: bytes or text with their length in front, after the groups. */
export interface DataSpec {
  readonly kind: 'data'
  readonly length: HeaderField
  /** Offset of the first byte from the beginning of the length's composite. */
  readonly dataOffset: number
  /** Absent for bytes. */
  readonly encoding?: TextEncodingName
}

/** SBE: parts of a message that follow each other after the block. */
export type SectionSpec = GroupSpec | DataSpec

export type FieldSpec = FixedSpec | SlotSpec | SectionSpec

/** A field with its place. */
export type FieldDescription<Spec extends FieldSpec = FieldSpec> = Spec & {
  readonly name: string
  /** Bytes from the beginning of the block; for SBE's groups and data, their index in the order of the message. */
  readonly offset: number
  /** The schema version that added it; absent for those of the first version. */
  readonly since?: number
  /** SBE: must be given when a message is written, although its null value can be read. */
  readonly required?: true
}

/** How the payloads of a message type are laid out. */
export const ENCODINGS = ['flat1', 'sbe', 'json', 'msgpack', 'protobuf'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** SBE's message header, as its schema lays it out. */
export interface SbeHeader {
  readonly size: number
  readonly blockLength: HeaderField
  readonly templateId: HeaderField
  readonly schemaId: HeaderField
  readonly version: HeaderField
  /** All of its fields, those of the schema's author included. */
  readonly fields: readonly FieldDescription[]
}

/** All that the registry file holds of a message type. */
export interface SchemaDescription {
  readonly name: string
  readonly typeId: number
  readonly version: number
  readonly encoding: Encoding
  /** In order of declaration; none for encodings whose messages describe themselves. */
  readonly fields: readonly FieldDescription[]
  /** The field by which messages are chosen and kept apart, such as an instrument's id. */
  readonly key?: string
  readonly sbe?: {
    readonly schemaId: number
    readonly templateId: number
    readonly byteOrder: 'little' | 'big'
    readonly blockLength: number
    readonly header: SbeHeader
  }
  readonly protobuf?: {
    /** The message's full name. */
    readonly typeName: string
    /** A serialized `google.protobuf.FileDescriptorSet`, base64. */
    readonly descriptorSet: string
  }
}

const SLOT_KINDS = new Set(['vector', 'matrix', 'quantized', 'utf8', 'bytes', 'list'])

export function isSlot<T extends FieldSpec>(spec: T): spec is T & SlotSpec {
  return SLOT_KINDS.has(spec.kind)
}

export function isSection<T extends FieldSpec>(spec: T): spec is T & SectionSpec {
  return spec.kind === 'group' || spec.kind === 'data'
}
