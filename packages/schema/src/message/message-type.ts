import type { Encoding, SchemaDescription } from '../spec/field-spec.js'

/** The TypeScript types of a message, in each role. They exist while compiling only. */
export interface MessageTypes {
  /** The fields of a message that is read. */
  readonly body: unknown
  /** The fields of a message that is written. */
  readonly write: unknown
  /** A plain copy, which owns its bytes. */
  readonly value: unknown
  /** What `encode` takes. */
  readonly input: unknown
  /** Sizes of the variable parts. */
  readonly sizes: unknown
  /** What the key field holds; absent or `never` for types without one. */
  readonly key?: unknown
}

/** Reads messages of one type in place. One per place of use: its body is moved from message to message. */
export interface MessageReader<Body = unknown, Value = unknown> {
  /**
   * Moves the body onto a payload and returns it. Nothing is copied and nothing is allocated.
   *
   * @param view e.g. `message.view` of a queue
   * @param offset bytes, e.g. `message.payloadOffset`
   * @param length bytes of payload
   * @param version the schema version that the record carries; 0 (another writer) is taken for 1
   * @throws `ERR_BAD_MESSAGE` when the payload is shorter than the block of that version. The body keeps its old place.
   */
  wrap(view: DataView, offset: number, length: number, version?: number): Body
  /** The fields of the message that {@link wrap} was given last. A field's access throws `ERR_BAD_MESSAGE` when its bytes are not valid. */
  readonly body: Body
  /** A plain copy of the message, which owns its bytes. */
  value(): Value
}

/** Encodes plain values in two steps, so that the second can write into a claim of the right length. */
export interface MessageEncoder<Input = unknown> {
  /** Checks and measures a value; returns bytes of payload. @throws `ERR_INVALID_ARGUMENT` */
  prepare(input: Input): number
  /** Writes the prepared value into exactly the measured number of bytes. @throws `ERR_INVALID_ARGUMENT` when nothing is prepared, or for a value out of range. */
  write(view: DataView, offset: number): void
}

/** Writes messages of one type in place, field by field. */
export interface MessageWriter<Write = unknown, Sizes = unknown> {
  /** Bytes of payload of a message with variable parts of these sizes. */
  length(sizes?: Sizes): number
  /**
   * Begins a message: fixed fields are zero, optional ones null. Fill the fields of the returned body; it is moved by the next `begin`.
   *
   * @param view e.g. `claim.view`
   * @param offset bytes, e.g. `claim.payloadOffset`
   * @param length bytes; must be `length(sizes)`
   * @throws `ERR_INVALID_ARGUMENT`
   */
  begin(view: DataView, offset: number, length: number, sizes?: Sizes): Write
  /**
   * Ends the message: the body leaves the target, and its fields throw until the next {@link begin}. For targets that others read afterwards, as a claim that is committed. Items and typed arrays
   * that were taken out of the body stay on the target.
   */
  end(): void
}

/** A type of message: what a record's typeId stands for. Immutable. */
export interface MessageType<Name extends string = string, T extends MessageTypes = MessageTypes> {
  /** Never set; it holds the types. */
  readonly types?: T
  readonly name: Name
  /** 0 to 65534. */
  readonly typeId: number
  /** The newest version that this definition knows. */
  readonly version: number
  readonly encoding: Encoding
  /** All that a registry file holds; plain JSON. */
  readonly description: SchemaDescription
  /** 16 hexadecimal digits that are equal for equal layouts; names are left out of it. */
  readonly fingerprint: string
  reader(): MessageReader<T['body'], T['value']>
  encoder(): MessageEncoder<T['input']>
  /** Encodes a plain value into bytes of its own. @throws `ERR_INVALID_ARGUMENT` */
  encode(input: T['input']): Uint8Array
  /** Decodes bytes to a plain value. @throws `ERR_BAD_MESSAGE` */
  decode(bytes: Uint8Array, version?: number): T['value']
}

/** A type whose messages have fields at fixed places, so that they can be written in place. */
export interface InPlaceMessageType<Name extends string = string, T extends MessageTypes = MessageTypes>
  extends MessageType<Name, T> {
  writer(options?: WriterOptions): MessageWriter<T['write'], T['sizes']>
}

export interface WriterOptions {
  /** The target's bytes are zero already, as those of a queue's claim are: they are not zeroed once more. */
  readonly zeroed?: boolean
}

/** Any message type. */
// biome-ignore lint/suspicious/noExplicitAny: the types of its messages are not known here
export type AnyMessageType = MessageType<string, any>

/** The fields of a message of this type when it is read. */
export type BodyOf<M extends AnyMessageType> = NonNullable<M['types']>['body']
/** The fields of a message of this type when it is written. */
export type WriteBodyOf<M extends AnyMessageType> = NonNullable<M['types']>['write']
/** A plain copy of a message of this type. */
export type MessageValue<M extends AnyMessageType> = NonNullable<M['types']>['value']
/** What `encode` takes for this type. */
export type MessageInput<M extends AnyMessageType> = NonNullable<M['types']>['input']
/** What the key field of this type holds; `never` for types without one. */
export type MessageKey<M extends AnyMessageType> =
  NonNullable<M['types']> extends { readonly key: infer Key } ? Exclude<Key, undefined> : never
/** Sizes of the variable parts of this type. */
export type MessageSizes<M extends AnyMessageType> = NonNullable<M['types']>['sizes']
