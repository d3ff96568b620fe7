import { BadMessageError, InvalidArgumentError, isSchemaError } from '../errors/index.js'
import { fingerprintOf } from '../layout/fingerprint.js'
import { checkName, checkRange, checkTypeId, viewOf } from '../message/check-message.js'
import type { MessageEncoder, MessageReader, MessageType } from '../message/message-type.js'
import type { Encoding, SchemaDescription } from '../spec/field-spec.js'

/** The types of a message that is encoded and decoded as a whole. */
export interface ValueTypes<T, Input = T> {
  readonly body: T
  readonly write: never
  readonly value: T
  readonly input: Input
  readonly sizes: never
}

/** Bytes of a value and back. Both may throw anything: the message type gives it a code. */
export interface ValueCodec<T, Input = T> {
  encode(input: Input): Uint8Array
  /** The bytes may lie in a mapping: what the value keeps of them must be copied. */
  decode(bytes: Uint8Array): T
}

/** A message type whose messages describe themselves, so that they are decoded as a whole: reading a field costs decoding all. */
export class ValueMessage<Name extends string, T, Input = T> implements MessageType<Name, ValueTypes<T, Input>> {
  declare readonly types?: ValueTypes<T, Input>
  readonly name: Name
  readonly typeId: number
  readonly version: number
  readonly encoding: Encoding
  readonly description: SchemaDescription
  readonly fingerprint: string
  readonly #codec: ValueCodec<T, Input>

  /** @internal Use `jsonMessage`, `msgpackMessage` or `protobufMessage`. */
  static of<Name extends string, T, Input = T>(
    description: SchemaDescription,
    codec: ValueCodec<T, Input>,
  ): ValueMessage<Name, T, Input> {
    return new ValueMessage(description, codec)
  }

  private constructor(description: SchemaDescription, codec: ValueCodec<T, Input>) {
    checkName(description.name)
    checkTypeId(description.typeId)
    this.name = description.name as Name
    this.typeId = description.typeId
    this.version = description.version
    this.encoding = description.encoding
    this.description = description
    this.fingerprint = fingerprintOf(description)
    this.#codec = codec
  }

  reader(): MessageReader<T, T> {
    return new ValueReader(this.name, (bytes) => this.#decode(bytes))
  }

  encoder(): MessageEncoder<Input> {
    let prepared: Uint8Array | undefined
    return {
      prepare: (input) => {
        prepared = undefined
        prepared = this.encode(input)
        return prepared.byteLength
      },
      write: (view, offset) => {
        if (prepared === undefined)
          throw new InvalidArgumentError({ argument: `${this.name}: write`, value: prepared, expected: 'a prepared value' })
        checkRange(this.name, view, offset, prepared.byteLength)
        new Uint8Array(view.buffer, view.byteOffset + offset, prepared.byteLength).set(prepared)
        prepared = undefined
      },
    }
  }

  encode(input: Input): Uint8Array {
    try {
      return this.#codec.encode(input)
    } catch (cause) {
      if (isSchemaError(cause)) throw cause
      throw new InvalidArgumentError(
        { argument: this.name, value: input, expected: `a value that ${this.encoding} can hold` },
        { cause },
      )
    }
  }

  decode(bytes: Uint8Array): T {
    viewOf(bytes, this.name)
    return this.#decode(bytes)
  }

  #decode(bytes: Uint8Array): T {
    try {
      return this.#codec.decode(bytes)
    } catch (cause) {
      // A check of the program may use another type, and throw that one's errors.
      if (cause instanceof BadMessageError && cause.type === this.name) throw cause
      const detail = `not ${this.encoding}: ${cause instanceof Error ? cause.message : String(cause)}`
      throw new BadMessageError({ type: this.name, detail }, { cause })
    }
  }
}

class ValueReader<T> implements MessageReader<T, T> {
  readonly #type: string
  readonly #decode: (bytes: Uint8Array) => T
  #body: T | undefined

  constructor(type: string, decode: (bytes: Uint8Array) => T) {
    this.#type = type
    this.#decode = decode
  }

  get body(): T {
    return this.#body as T
  }

  wrap(view: DataView, offset: number, length: number): T {
    checkRange(this.#type, view, offset, length)
    this.#body = this.#decode(new Uint8Array(view.buffer, view.byteOffset + offset, length))
    return this.#body
  }

  /** The decoded value itself: it holds none of the message's bytes. */
  value(): T {
    return this.body
  }
}
