import type { Message } from '@chronicle-ts/core'
import { wrapPayload } from '@chronicle-ts/core/internal'
import type { AnyMessageType, BodyOf, MessageReader, MessageValue } from '@chronicle-ts/schema'

/** A message of one type. It moves: valid until the reader's next message; `value()` and `message.copy()` keep it. */
export interface TypedMessageOf<M extends AnyMessageType> {
  /** The type's name; it narrows `body`. */
  readonly type: M['name']
  readonly typeId: number
  /** The fields, in place. */
  readonly body: BodyOf<M>
  /** The version that the writer's definition had; 0 for a writer that does not say it, which is read as 1. */
  readonly schemaVersion: number
  readonly sequence: number
  /** Nanoseconds since the Unix epoch, or the time that the appender gave. */
  readonly timestampNs: bigint
  /** The queue's message: position, trace context, payload. */
  readonly message: Message
  /** A plain copy of the fields, which owns its bytes. */
  value(): MessageValue<M>
}

/** A message of one of several types: `type` says which, and narrows `body`. */
export type TypedMessage<Types extends readonly AnyMessageType[]> = {
  [Index in keyof Types]: TypedMessageOf<Types[Index]>
}[number]

/**
 * What a reader holds per type, and delivers: one object per type. All are of one class, so that a read allocates nothing and the place that reads sees one hidden class.
 */
export class ReadEntry {
  readonly type: string
  readonly typeId: number
  message!: Message
  /** `undefined` for a type that the reader did not ask for. */
  readonly reader: MessageReader | undefined
  /** Reads the key field of a body. */
  readonly keyOf: ((this: unknown) => unknown) | undefined
  /** Messages of this type that were skipped. */
  skipped = 0

  constructor(type: AnyMessageType | undefined, typeId: number) {
    this.type = type?.name ?? ''
    this.typeId = typeId
    this.reader = type?.reader()
    this.keyOf = keyGetter(this.reader?.body, type?.description.key)
  }

  /** Asked of the type's reader: a pointer that is stored per message costs more than the field that is read through it. */
  get body(): unknown {
    return this.reader?.body
  }

  /** Moves the body onto a message, and returns true. Only for types with a reader. @throws `ERR_BAD_MESSAGE` */
  moveTo(message: Message): true {
    if (this.message !== message) this.message = message
    wrapPayload(message, this.reader as MessageReader)
    return true
  }

  get schemaVersion(): number {
    return this.message.schemaVersion
  }

  get sequence(): number {
    return this.message.sequence
  }

  get timestampNs(): bigint {
    return this.message.timestampNs
  }

  value(): unknown {
    return this.reader?.value()
  }

  /** What `JSON.stringify` and `console.log` show. */
  toJSON(): unknown {
    const { type, typeId, sequence, schemaVersion, timestampNs, body } = this
    return { type, typeId, schemaVersion, sequence, timestampNs: timestampNs.toString(), body }
  }
}

/** The compiled accessor itself: reading a field by a name in a variable would search for it. */
function keyGetter(body: unknown, key: string | undefined): ((this: unknown) => unknown) | undefined {
  if (key === undefined || typeof body !== 'object' || body === null) return undefined
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(body), key)?.get
}
