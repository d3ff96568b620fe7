import { checkSpec } from '../spec/check-spec.js'
import type { FieldSpec } from '../spec/field-spec.js'

/** The TypeScript types of a field, in each role that it can have. They exist while compiling only. */
export interface FieldTypes {
  /** What a body that is read gives. */
  readonly read: unknown
  /** What a body that is written gives and takes. */
  readonly write: unknown
  /** What a plain copy of a message holds. */
  readonly value: unknown
  /** What `encode` takes. */
  readonly input: unknown
  /** How a variable part's size is given; `never` for fields of the block. */
  readonly size: unknown
  /** Whether `encode` can do without it. */
  readonly optional: boolean
}

/** The same field when it can be absent. */
export interface AsOptional<T extends FieldTypes> {
  readonly read: T['read'] | undefined
  readonly write: T['write'] extends Scalar ? T['write'] | undefined : T['write']
  readonly value: T['value'] | undefined
  readonly input: T['input'] | undefined
  readonly size: T['size']
  readonly optional: true
}

export type Scalar = number | bigint | string | boolean

/** A field of a schema: what the builder's functions return. Immutable. */
export class Field<T extends FieldTypes = FieldTypes> {
  /** Never set; it holds the types. */
  declare readonly types: T
  readonly spec: FieldSpec

  constructor(spec: FieldSpec) {
    this.spec = spec
  }

  /**
   * The field can be absent: it reads as `undefined`. In the bytes that is SBE's null value of the type, or an empty slot.
   *
   * @throws `ERR_INVALID_ARGUMENT` for flags, which have no null value: a set can be empty
   */
  optional(): Field<AsOptional<T>> {
    const spec = { ...this.spec, optional: true } as FieldSpec
    checkSpec(spec, spec.kind)
    return new Field(spec)
  }
}

/** A 64-bit integer. */
export class WideField extends Field<ScalarTypes<bigint>> {
  /** As a number. Reading a value beyond 2^53 is `ERR_BAD_MESSAGE`, writing one `ERR_INVALID_ARGUMENT`; half as expensive as a bigint. */
  number(): Field<ScalarTypes<number>> {
    return new Field({ ...this.spec, asNumber: true } as FieldSpec)
  }
}

export interface ScalarTypes<V> {
  readonly read: V
  readonly write: V
  readonly value: V
  readonly input: V
  readonly size: never
  readonly optional: false
}

/** Types of fields by name. */
export type Shape = Readonly<Record<string, FieldTypes>>

/** Fields by name, as the builder takes them. */
export type Fields = Readonly<Record<string, Field<FieldTypes>>>

export type ShapeOf<F extends Fields> = { readonly [K in keyof F]: F[K]['types'] }

/** Fields of a later version: all can be absent, because older messages do not have them. */
export type LaterShapeOf<F extends Fields> = { readonly [K in keyof F]: AsOptional<F[K]['types']> }

/** Shows an intersection as one object, for readable messages of the compiler. */
export type Flat<T> = { [K in keyof T]: T[K] }

export type OptionalKeys<S extends Shape> = { [K in keyof S]: S[K]['optional'] extends true ? K : never }[keyof S]

/** The fields of a message that is read. */
export type ReadBody<S extends Shape> = { readonly [K in keyof S]: S[K]['read'] }

/** The fields of a message that is written. */
export type WriteBody<S extends Shape> = { -readonly [K in keyof S]: S[K]['write'] }

/** A plain copy of a message. */
export type ValueOf<S extends Shape> = Flat<
  { [K in Exclude<keyof S, OptionalKeys<S>>]: S[K]['value'] } & { [K in OptionalKeys<S>]?: S[K]['value'] }
>

/** What `encode` takes. */
export type InputOf<S extends Shape> = Flat<
  { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: S[K]['input'] } & { readonly [K in OptionalKeys<S>]?: S[K]['input'] }
>

/** Sizes of the variable parts. */
export type SizesOf<S extends Shape> = {
  readonly [K in keyof S as [S[K]['size']] extends [never] ? never : K]?: S[K]['size']
}
