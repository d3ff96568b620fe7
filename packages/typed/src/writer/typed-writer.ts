import { markAsUntransferable } from 'node:worker_threads'
import {
  type AppendOptions,
  BusyError,
  type Claim,
  type ClaimOptions,
  InvalidArgumentError,
  type QueueWriter,
  type TryAppendResult,
} from '@chronicle-ts/core'
import { refusePromise } from '@chronicle-ts/core/internal'
import type {
  AnyMessageType,
  InPlaceMessageType,
  MessageEncoder,
  MessageInput,
  MessageSizes,
  WriteBodyOf,
} from '@chronicle-ts/schema'
import { checkTypes } from '../check-types.js'
import { SCRATCH_LENGTH } from '../defaults.js'
import { type RegistryProblem, registerTypes } from '../registry/register-types.js'
import { WriteEntry } from './write-entry.js'
import type { Synchronous, TypedAppendOptions, TypedAsyncAppendOptions } from './write-options.js'

/** The types of a list that are written field by field. */
export type InPlaceOf<Types extends readonly AnyMessageType[]> = Extract<Types[number], InPlaceMessageType>

// biome-ignore lint/suspicious/noExplicitAny: the overloads say what it gets
type AnyFill = (draft: any) => unknown

const FILL = { argument: 'fill', expected: 'a synchronous function: the message is published when it returns' }

/**
 * Writes typed messages into a queue. A message is complete or it is not there: what `fill` throws, and a value out of range, publish nothing.
 *
 * Opened by `openTypedWriter`, which says more; `asTypedWriter` makes one of a writer that is open.
 */
export class TypedWriter<const Types extends readonly AnyMessageType[]> implements Disposable {
  /** The queue's own writer, for flushing, metrics and messages without a type. */
  readonly queue: QueueWriter
  /** What could not be written into the registry: names are lost to tools, messages are not. */
  readonly registryProblems: readonly RegistryProblem[]
  readonly #entries: ReadonlyMap<AnyMessageType, WriteEntry>
  readonly #scratch = newScratch()
  /** Of the last message: most are of the same type as the one before. */
  #lastEntry: WriteEntry | undefined
  /** Code of the program sets fields, and must not write. */
  #isFilling = false
  /** The queue is appending. Between two attempts it calls callbacks of the program, which may write: the scratch memory and the encoders belong to the message that is appended. */
  #isAppending = false

  /** @internal Use `openTypedWriter`, or `asTypedWriter`. */
  static of<const Types extends readonly AnyMessageType[]>(
    queue: QueueWriter,
    types: Types,
    options: { readonly extensions: boolean },
  ): TypedWriter<Types> {
    return new TypedWriter(queue, types, options)
  }

  protected constructor(queue: QueueWriter, types: Types, options: { readonly extensions: boolean }) {
    checkTypes(types)
    this.#entries = new Map(types.map((type) => [type, new WriteEntry(type, options.extensions)]))
    this.queue = queue
    this.registryProblems = registerTypes(queue.directory, types)
  }

  /**
   * Writes one message, field by field. Fixed fields that `fill` does not set are zero, optional ones absent. Returns the message's sequence.
   *
   * @param fill sets the fields; must not be asynchronous, and must not write with this writer (`ERR_BUSY`). What it throws is thrown, and nothing is published
   * @throws `ERR_INVALID_ARGUMENT` for a value out of range, and what `append` of the queue throws; nothing is published
   */
  write<M extends InPlaceOf<Types>, Result>(
    type: M,
    fill: (draft: WriteBodyOf<M>) => Result & Synchronous<Result>,
    options?: TypedAppendOptions,
  ): number
  /**
   * The same for a type with variable parts.
   *
   * @param sizes how long the variable parts are: elements, items, bytes of text; a part that is not named is absent
   */
  write<M extends InPlaceOf<Types>, Result>(
    type: M,
    sizes: MessageSizes<M>,
    fill: (draft: WriteBodyOf<M>) => Result & Synchronous<Result>,
    options?: TypedAppendOptions,
  ): number
  write(
    type: AnyMessageType,
    first: AnyFill | object,
    second?: AnyFill | TypedAppendOptions,
    third?: TypedAppendOptions,
  ): number {
    if (typeof first === 'function')
      return this.#write(type, undefined, first as AnyFill, second as TypedAppendOptions | undefined)
    return this.#write(type, first, second as AnyFill, third)
  }

  /**
   * Appends one message given as a plain value. For types that are encoded as a whole (JSON, MessagePack, protobuf) it is the way to write. Returns the
   * message's sequence.
   *
   * @throws as {@link write}
   */
  append<M extends Types[number]>(type: M, value: MessageInput<M>, options?: TypedAppendOptions): number {
    const entry = this.#entryOf(type)
    const { encoder } = entry
    const details = entry.detailsWith(options)
    if (encoder === undefined || this.#isAppending) return this.queue.append(entry.typeId, this.#encode(entry, value), details)
    const length = this.#encodeIntoScratch(encoder, value)
    if (length > SCRATCH_LENGTH) return this.#putIntoClaim(entry, length, details, (view, offset) => encoder.write(view, offset))
    return this.#appendScratch(entry, length, details)
  }

  /** {@link append} that says when the queue or the disk is full instead of throwing, and never blocks. */
  tryAppend<M extends Types[number]>(type: M, value: MessageInput<M>, options?: TypedAppendOptions): TryAppendResult {
    const entry = this.#entryOf(type)
    return this.queue.tryAppend(entry.typeId, this.#encode(entry, value), entry.detailsWith(options))
  }

  /** {@link append} for event loops: waits for readers of a bounded queue without blocking the thread. The value is encoded at the call. */
  async appendAsync<M extends Types[number]>(
    type: M,
    value: MessageInput<M>,
    options: TypedAsyncAppendOptions = {},
  ): Promise<number> {
    const entry = this.#entryOf(type)
    return this.queue.appendAsync(entry.typeId, this.#encode(entry, value), entry.detailsWith(options))
  }

  get closed(): boolean {
    return this.queue.closed
  }

  /** Closes the queue's writer. Idempotent. */
  close(): void {
    this.queue.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #entryOf(type: AnyMessageType): WriteEntry {
    const last = this.#lastEntry
    return last !== undefined && last.type === type ? last : this.#findEntry(type)
  }

  #findEntry(type: AnyMessageType): WriteEntry {
    const entry = this.#entries.get(type)
    if (entry !== undefined) {
      this.#lastEntry = entry
      return entry
    }
    const value = (type as AnyMessageType | undefined)?.name
    throw new InvalidArgumentError({ argument: 'type', value, expected: 'one of the types that the writer was opened with' })
  }

  #write(type: AnyMessageType, sizes: unknown, fill: AnyFill, options: TypedAppendOptions | undefined): number {
    const entry = this.#entryOf(type)
    const { writer } = entry
    if (writer === undefined || typeof fill !== 'function') throw notFilled(entry, fill)
    const length = sizes === undefined ? entry.shortestLength : writer.length(sizes)
    const details = options === undefined ? entry.details : entry.detailsWith(options)
    if (length > SCRATCH_LENGTH || this.#isAppending)
      return this.#putIntoClaim(entry, length, details, (view, offset) => fill(writer.begin(view, offset, length, sizes)))
    if (this.#isFilling) throw this.#busy('write')
    this.#isFilling = true
    try {
      refusePromise(callApart(fill, writer.begin(this.#scratch, 0, length, sizes)), FILL)
    } finally {
      this.#isFilling = false
    }
    return this.#appendScratch(entry, length, details)
  }

  /** Returns the length of the message. One that is too long for the scratch memory is prepared only. A plain value may run code of the program too, in accessors. */
  #encodeIntoScratch(encoder: MessageEncoder, value: unknown): number {
    if (this.#isFilling) throw this.#busy('append')
    this.#isFilling = true
    try {
      const length = encoder.prepare(value)
      if (length <= SCRATCH_LENGTH) encoder.write(this.#scratch, 0)
      return length
    } finally {
      this.#isFilling = false
    }
  }

  #appendScratch(entry: WriteEntry, length: number, details: AppendOptions | undefined): number {
    const bytes = entry.bytesLength === length ? entry.bytes : this.#scratchBytes(entry, length)
    this.#isAppending = true
    try {
      return this.queue.append(entry.typeId, bytes, details)
    } finally {
      this.#isAppending = false
    }
  }

  #putIntoClaim(
    entry: WriteEntry,
    length: number,
    details: AppendOptions | undefined,
    fill: (view: DataView, offset: number) => unknown,
  ): number {
    if (this.#isFilling) throw this.#busy('write')
    const { timestampNs, ...others } = details ?? {}
    const claim = this.#claim(entry.typeId, length, others)
    const sequence = this.queue.nextSequence
    try {
      this.#filling('write', () => refusePromise(fill(claim.view, claim.payloadOffset), FILL))
      claim.commit(timestampNs === undefined ? undefined : { timestampNs })
    } finally {
      claim.abort()
      // A program that has kept the draft would change a message that readers see.
      entry.writer?.end()
    }
    return sequence
  }

  #claim(typeId: number, length: number, options: ClaimOptions): Claim {
    const wasAppending = this.#isAppending
    this.#isAppending = true
    try {
      return this.queue.claim(typeId, length, options)
    } finally {
      this.#isAppending = wasAppending
    }
  }

  #scratchBytes(entry: WriteEntry, length: number): Uint8Array {
    if (entry.bytesLength !== length) {
      entry.bytes = new Uint8Array(this.#scratch.buffer, 0, length)
      entry.bytesLength = length
    }
    return entry.bytes
  }

  /** A plain value may run code of the program too, in accessors. */
  #filling<Result>(method: string, step: () => Result): Result {
    if (this.#isFilling) throw this.#busy(method)
    this.#isFilling = true
    try {
      return step()
    } finally {
      this.#isFilling = false
    }
  }

  #encode(entry: WriteEntry, value: unknown): Uint8Array {
    return this.#filling('append', () => entry.type.encode(value))
  }

  #busy(method: string): BusyError {
    return new BusyError({ handle: 'typed writer', method, during: 'fill' })
  }
}

/**
 * Calls the program's function so that the engine does not compile it into the caller. A compiled function takes so much of what it calls into itself and no more: here that would be the
 * append, and each field would be a call. Compiled alone, the function takes the fields in, and a message of nine costs a sixth less.
 */
function callApart(fill: AnyFill, draft: unknown): unknown {
  return Reflect.apply(fill, undefined, [draft])
}

/** A program that transfers the bytes of a draft to another thread would take the memory from all later messages. */
function newScratch(): DataView<ArrayBuffer> {
  const buffer = new ArrayBuffer(SCRATCH_LENGTH)
  markAsUntransferable(buffer)
  return new DataView(buffer)
}

function notFilled(entry: WriteEntry, fill: unknown): InvalidArgumentError {
  if (entry.writer === undefined)
    return new InvalidArgumentError({
      argument: 'type',
      value: entry.type.name,
      expected: `a type with fields in place; messages in ${entry.type.encoding} are appended as values`,
    })
  return new InvalidArgumentError({ argument: 'fill', value: fill, expected: 'a function' })
}
