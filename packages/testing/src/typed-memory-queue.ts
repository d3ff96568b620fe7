import type { MessageCopy, ObserverOptions, QueueObserver, WriterOptions } from '@chronicle-ts/core'
import { checkObject } from '@chronicle-ts/core/internal'
import { type AnyMessageType, InvalidArgumentError, type MessageValue } from '@chronicle-ts/schema'
import {
  asTypedObserver,
  asTypedReader,
  asTypedWriter,
  checkSelection,
  type Selection,
  type TypedReader,
  type TypedReaderOptions,
  type TypedSource,
  type TypedWriter,
} from '@chronicle-ts/typed'
import { MemoryQueue } from './memory-queue.js'

/** Options of a queue of typed messages: its types, and those of its writer. */
export interface TypedMemoryQueueOptions<Types extends readonly AnyMessageType[]> extends WriterOptions {
  /** The types that are written and read. */
  readonly types: Types
}

/** A message that `drain` returned: a plain copy. `type` narrows `body`. */
export interface DrainedMessageOf<M extends AnyMessageType> {
  readonly type: M['name']
  readonly typeId: number
  readonly body: MessageValue<M>
  readonly schemaVersion: number
  readonly sequence: number
  readonly timestampNs: bigint
  /** The message without a type: position, trace context, payload. */
  readonly message: MessageCopy
}

/** A drained message of one of several types. */
export type DrainedMessage<Types extends readonly AnyMessageType[]> = {
  [Index in keyof Types]: DrainedMessageOf<Types[Index]>
}[number]

/** A queue of typed messages of a test. See `memoryQueue`. */
export class TypedMemoryQueue<const Types extends readonly AnyMessageType[]> implements Disposable, AsyncDisposable {
  /** The queue without types, for messages of none of them. Its `drain` and this queue's share their place. */
  readonly queue: MemoryQueue
  readonly #types: Types
  readonly #byTypeId: ReadonlyMap<number, AnyMessageType>
  readonly #extensions: boolean
  #writer: TypedWriter<Types>

  /** Use `memoryQueue`. */
  constructor({ types, ...options }: TypedMemoryQueueOptions<Types>) {
    this.#types = types
    this.#extensions = options.extensions !== false
    this.queue = new MemoryQueue(options)
    try {
      this.#writer = this.#newWriter()
    } catch (error) {
      this.queue.close()
      throw error
    }
    this.#byTypeId = new Map(types.map((type) => [type.typeId, type]))
  }

  get directory(): string {
    return this.queue.directory
  }

  /** The writer: another one after {@link crash} and {@link cutPower}. */
  get writer(): TypedWriter<Types> {
    return this.#writer
  }

  /** Opens a reader that is closed with the queue. */
  reader(name = 'test', options: TypedReaderOptions<Types> = {}): TypedReader<Types> {
    checkObject(options)
    const { where, key, onBadMessage, ...others } = options
    checkSelection({ where, key, onBadMessage }, this.#types)
    return asTypedReader(this.queue.reader(name, others), this.#types, { where, key, onBadMessage })
  }

  /** Opens an observer that is closed with the queue. */
  observer(options: ObserverOptions & Selection<Types> = {}): TypedSource<Types, QueueObserver> {
    checkObject(options)
    const { where, key, onBadMessage, ...others } = options
    checkSelection({ where, key, onBadMessage }, this.#types)
    return asTypedObserver(this.queue.observer(others), this.#types, { where, key, onBadMessage })
  }

  /**
   * Returns the messages that were appended since the last call, or since the queue was made, as plain copies. Registers no reader and pins nothing.
   *
   * @throws `ERR_BAD_MESSAGE`; `ERR_INVALID_ARGUMENT` for a message of no type of the queue: a test must not skip it silently. Use `queue.drain()` for these.
   */
  drain(): DrainedMessage<Types>[] {
    return this.queue.drain().map((copy) => this.#decode(copy))
  }

  /** As `crash` of a queue without types. */
  crash(): void {
    this.queue.crash()
    this.#writer = this.#newWriter()
  }

  /** As `cutPower` of a queue without types. The registry of the types is durable. */
  cutPower(): void {
    this.queue.cutPower()
    this.#writer = this.#newWriter()
  }

  /** Closes the writer and all handles that this queue opened, and deletes its files. Idempotent. */
  close(): void {
    this.queue.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #newWriter(): TypedWriter<Types> {
    return asTypedWriter(this.queue.writer, this.#types, { extensions: this.#extensions })
  }

  #decode(message: MessageCopy): DrainedMessage<Types> {
    const { typeId, schemaVersion, sequence, timestampNs } = message
    const type = this.#byTypeId.get(typeId)
    if (type === undefined)
      throw new InvalidArgumentError({
        argument: 'typeId',
        value: typeId,
        expected: `one of the types of the queue, in message ${sequence}`,
      })
    const body = type.decode(message.payload, schemaVersion)
    return { type: type.name, typeId, body, schemaVersion, sequence, timestampNs, message } as DrainedMessage<Types>
  }
}
