import { types } from 'node:util'
import {
  ClosedError,
  type DirectoryPath,
  InvalidArgumentError,
  isQueueError,
  type QueueReader,
  type ReaderOptions,
} from '@chronicle-ts/core'
import { checkOptions, checkReaderOptions, checkSignal, type OptionNames, pathOf } from '@chronicle-ts/core/internal'
import { checkName } from '../layout/bus-layout.js'
import { QueueWatch, type QueueWatchOptions, WATCH_NAMES } from '../queue/queue-watch.js'
import { Arrival, eventsOf } from '../watching/arrival.js'
import { SubscriberPlace } from './subscriber-place.js'

/**
 * The queue cannot be read now; it is tried again at every change and rescan.
 *
 * - `no-queue`: no process has made it, or it is not finished.
 * - `name-in-use`: another reader of this name has it open.
 * - `error`: it is there and cannot be opened, `error` says why.
 */
export interface SubscriberWaiting {
  readonly kind: 'waiting'
  readonly reason: 'no-queue' | 'name-in-use' | 'error'
  readonly error: Error | undefined
}

/** The reader is open. It belongs to the discovery: do not close it to leave, close the discovery. */
export interface SubscriberConnected {
  readonly kind: 'connected'
  readonly reader: QueueReader
}

/**
 * The reader reads a queue that is not the one at this place any more, or was given up. It stays open until the next event is asked for, so that what is left in
 * it can be read.
 *
 * - `queue-gone`: the queue's directory or control block was moved away or deleted.
 * - `queue-replaced`: another queue stands in its place.
 * - `reader-closed`: the reader was closed.
 * - `given-up`: {@link SubscriberDiscovery.reconnect} was called, with `error`.
 */
export interface SubscriberDisconnected {
  readonly kind: 'disconnected'
  readonly reason: 'queue-gone' | 'queue-replaced' | 'reader-closed' | 'given-up'
  readonly reader: QueueReader
  readonly error: Error | undefined
}

/** What happened to a subscription. */
export type SubscriberEvent = SubscriberWaiting | SubscriberConnected | SubscriberDisconnected

/** How a {@link SubscriberDiscovery} looks and reads. */
export interface SubscriberDiscoveryOptions extends QueueWatchOptions {
  readonly reader?: ReaderOptions
}

const NAMES: OptionNames<SubscriberDiscoveryOptions> = { ...WATCH_NAMES, reader: true }

/**
 * Keeps a named reader attached to a queue that may not exist yet, may vanish and may come again.
 *
 * A writer that dies is not a reason to disconnect: its queue goes on with the next writer, see `reader.writerStatus()`. Events go to exactly one taker, {@link poll} or
 * {@link events}. Asking for the next one closes the reader of a `disconnected` that was handed out, and only then is the queue opened again.
 *
 * `reader.start` counts for a queue that is there at the beginning. A queue that appears later, or takes the place of another one, is read from its first message, because all of it is new.
 * A queue that is opened again keeps its position, also with `reader.reset`.
 * A directory that comes back is read on after the last message that its former reader returned, committed or not. After {@link reconnect} and after a restart of the process,
 * from the committed position.
 *
 * @example
 * using subscriber = new SubscriberDiscovery(layout.feed('nyse').directory, 'momentum')
 * for await (const event of subscriber.events({ signal })) {
 *   if (event.kind === 'connected') fanIn.add('nyse', event.reader)
 *   if (event.kind === 'disconnected') fanIn.remove('nyse')
 * }
 */
export class SubscriberDiscovery implements AsyncIterable<SubscriberEvent>, Disposable, AsyncDisposable {
  readonly directory: string
  readonly #watch: QueueWatch
  readonly #place: SubscriberPlace
  readonly #arrival = new Arrival((waiting) => this.#watch.keepAlive(waiting))
  #pending: SubscriberEvent[] = []
  #reader: QueueReader | undefined
  /** A reader that was given up; until it is closed nothing is opened. */
  #former: QueueReader | undefined
  /** The `disconnected` of that reader was handed out. */
  #formerIsKnown = false
  #waitingFor: string | undefined
  #closed = false

  /**
   * Looks once, so that a queue that is there is `connected` at the first {@link poll}.
   *
   * @throws `InvalidArgumentError` `ERR_INVALID_ARGUMENT`: an option or the name is not usable.
   */
  constructor(
    directory: DirectoryPath,
    readonly name: string,
    options: SubscriberDiscoveryOptions = {},
  ) {
    checkName('name', name)
    checkOptions(options, NAMES)
    checkReaderOptions('reader', options.reader)
    this.directory = pathOf(directory)
    this.#watch = new QueueWatch(this.directory, options, () => this.#look())
    this.#place = new SubscriberPlace({ directory: this.directory, name, reader: options.reader, watch: this.#watch })
    this.#look()
  }

  get closed(): boolean {
    return this.#closed
  }

  /** The reader while it is connected. */
  get reader(): QueueReader | undefined {
    return this.#reader
  }

  /**
   * All events since the last call. Costs next to nothing when there are none; looks itself when the last look is too long ago.
   *
   * @throws {@link ClosedError} `ERR_CLOSED`.
   */
  poll(): SubscriberEvent[] {
    if (this.#closed) throw new ClosedError({ handle: 'subscriber discovery', directory: this.directory })
    this.#letGo()
    if (this.#watch.isDue) this.#watch.lookNow()
    if (this.#pending.length === 0) return []
    const events = this.#pending
    this.#pending = []
    for (const event of events) this.#handOut(event)
    return events
  }

  /** Looks now instead of waiting for a hint. */
  rescan(): void {
    if (this.#closed) throw new ClosedError({ handle: 'subscriber discovery', directory: this.directory })
    this.#watch.lookNow()
  }

  /** Events one by one, as they come. Ends when the signal aborts or the discovery is closed. */
  events(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<SubscriberEvent, void, undefined> {
    checkOptions(options, { signal: true })
    checkSignal(options.signal)
    return eventsOf({ isClosed: () => this.#closed, take: () => this.#take(), arrival: this.#arrival }, options.signal)
  }

  [Symbol.asyncIterator](): AsyncGenerator<SubscriberEvent, void, undefined> {
    return this.events()
  }

  /** Disconnects the reader, for instance after a fatal error, emits `disconnected`, then opens the queue again. */
  reconnect(error?: Error): void {
    if (error !== undefined && !types.isNativeError(error))
      throw new InvalidArgumentError({ argument: 'error', value: error, expected: 'an Error' })
    if (this.#reader !== undefined) this.#disconnect('given-up', error)
  }

  /** Closes the reader and ends all iterations. May be called again. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.close()
    const readers = [this.#former, this.#reader]
    this.#former = undefined
    this.#reader = undefined
    this.#arrival.announce()
    closeAll(readers)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  #take(): SubscriberEvent | undefined {
    if (this.#closed) return undefined
    this.#letGo()
    const event = this.#pending.shift()
    if (event !== undefined) this.#handOut(event)
    return event
  }

  #handOut(event: SubscriberEvent): void {
    if (event.kind === 'disconnected') this.#formerIsKnown = true
  }

  /** A caller that asks for the next event is done with the former reader. */
  #letGo(): void {
    if (!this.#formerIsKnown) return
    const former = this.#former
    this.#former = undefined
    this.#formerIsKnown = false
    if (former !== undefined) this.#place.readUpTo(former.nextSequence)
    former?.close()
    this.#watch.lookNow()
  }

  #look(): void {
    if (this.#reader !== undefined) this.#checkAttachment(this.#reader)
    if (this.#reader !== undefined || this.#former !== undefined) return
    try {
      this.#attach()
    } catch (error) {
      this.#wait(isQueueError(error, 'ERR_READER_ACTIVE') ? 'name-in-use' : 'error', error)
    }
  }

  #checkAttachment(reader: QueueReader): void {
    const loss = reader.closed ? 'reader-closed' : this.#place.loss()
    if (loss !== undefined) this.#disconnect(loss, undefined)
  }

  #attach(): void {
    const opened = this.#place.open()
    if (typeof opened === 'string') {
      this.#wait(opened, undefined)
      return
    }
    this.#reader = opened
    this.#waitingFor = undefined
    this.#tell({ kind: 'connected', reader: opened })
  }

  #disconnect(reason: SubscriberDisconnected['reason'], error: Error | undefined): void {
    const reader = this.#reader
    if (reader === undefined) return
    this.#former = reader
    this.#reader = undefined
    this.#place.leave(reason === 'queue-gone' || reason === 'queue-replaced')
    this.#tell({ kind: 'disconnected', reason, reader, error })
  }

  /** Reported once per reason and sort of error: messages hold times and process numbers that differ. */
  #wait(reason: SubscriberWaiting['reason'], cause: unknown): void {
    const error = cause === undefined || cause instanceof Error ? cause : new Error(String(cause))
    const waitingFor = `${reason} ${error?.name} ${isQueueError(error) ? error.code : error?.message}`
    if (waitingFor === this.#waitingFor) return
    this.#waitingFor = waitingFor
    if (this.#pending.at(-1)?.kind === 'waiting') this.#pending.pop()
    this.#tell({ kind: 'waiting', reason, error })
  }

  #tell(event: SubscriberEvent): void {
    this.#pending.push(event)
    this.#arrival.announce()
  }
}

/** Closes the second reader also when closing the first one fails. */
function closeAll([first, ...others]: readonly (QueueReader | undefined)[]): void {
  try {
    first?.close()
  } finally {
    if (others.length > 0) closeAll(others)
  }
}
