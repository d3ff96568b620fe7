import {
  ClosedError,
  type DirectoryPath,
  isQueueError,
  openReader,
  openWriter,
  type QueueReader,
  type QueueWriter,
  type ReaderOptions,
  type WriterOptions,
} from '@chronicle-ts/core'
import {
  CALLBACK,
  checkOptions,
  checkReaderOptions,
  checkSignal,
  GROUP,
  MILLISECONDS,
  type OptionNames,
  QueueDirectory,
  READER_NAME,
} from '@chronicle-ts/core/internal'
import { LEASE_RENEWAL_MS, STRATEGY_READER_NAME } from '../defaults.js'
import { type BusLayout, layoutOf, type StrategyPaths } from '../layout/bus-layout.js'
import { MarksLostError } from '../markers/marks-lost-error.js'
import { whenQueueAppears } from '../queue/when-queue-appears.js'
import { queueIsThere } from '../queue/writer-epoch.js'
import { type MarksState, QueueMarks } from './queue-marks.js'

/** How a strategy's ends of its two queues are opened. */
export interface StrategyEndpointsOptions {
  /** For `orders_out`. */
  readonly writer?: WriterOptions
  /** For `orders_in`. */
  readonly reader?: ReaderOptions
  /** Name under which `orders_in` is read. @defaultValue 'strategy' */
  readonly readerName?: string
  /** Milliseconds between renewals of the lease while the event loop turns; 0 leaves them to `renewLease`. @defaultValue 1,000 ms */
  readonly renewalIntervalMs?: number
  /**
   * Called when a renewal by timer failed. The error is a {@link MarksLostError} when the directory is not at its path any more (`ERR_NOT_FOUND`, `ERR_QUEUE_REPLACED`), or
   * another process has taken the queue over (`ERR_LOCK_LOST`). The next renewal tries again, except after a take-over.
   */
  readonly onRenewalError?: (error: unknown) => void
}

const NAMES: OptionNames<StrategyEndpointsOptions> = {
  writer: GROUP,
  reader: true,
  readerName: READER_NAME,
  renewalIntervalMs: MILLISECONDS,
  onRenewalError: CALLBACK,
}

/**
 * Opens a strategy's side of the bus: its directories and its `orders_out`. Routers see it after {@link StrategyEndpoints.markReady}.
 *
 * @throws `WriterActiveError` `ERR_WRITER_ACTIVE`: the strategy runs already; `InvalidArgumentError` `ERR_INVALID_ARGUMENT`: the name is invalid;
 * {@link MarksLostError} when the directory was replaced meanwhile; and what `openWriter` throws.
 * @example
 * using strategy = openStrategyEndpoints('/var/lib/trading/bus', 'momentum')
 * strategy.markReady()
 * strategy.ordersOut.append(NEW_ORDER, encode(order))
 * const answers = await strategy.waitForOrdersIn({ signal })
 */
export function openStrategyEndpoints(
  bus: BusLayout | DirectoryPath,
  name: string,
  options: StrategyEndpointsOptions = {},
): StrategyEndpoints {
  checkOptions(options, NAMES)
  checkReaderOptions('reader', options.reader)
  return StrategyEndpoints.open(layoutOf(bus).createStrategy(name), options)
}

/** A strategy's ends of its two queues, and its marks. */
export class StrategyEndpoints implements Disposable, AsyncDisposable {
  readonly paths: StrategyPaths
  /** The orders: this process writes, the router reads. */
  readonly ordersOut: QueueWriter
  readonly #options: StrategyEndpointsOptions
  readonly #marks: QueueMarks
  /** Ends waits: they would keep the process alive for a queue that no process opens any more. */
  readonly #closing = new AbortController()
  #ordersIn: QueueReader | undefined
  #isOver = false

  /** @internal Use {@link openStrategyEndpoints}. */
  static open(paths: StrategyPaths, options: StrategyEndpointsOptions): StrategyEndpoints {
    const directory = QueueDirectory.open(paths.ordersOut)
    let ordersOut: QueueWriter | undefined
    try {
      ordersOut = openWriter(paths.ordersOut, options.writer)
      if (directory.place !== 'in-place') throw new MarksLostError({ directory: paths.ordersOut, loss: 'directory-replaced' })
      return new StrategyEndpoints(paths, ordersOut, { directory, options })
    } catch (error) {
      directory.close()
      ordersOut?.close()
      throw error
    }
  }

  private constructor(
    paths: StrategyPaths,
    ordersOut: QueueWriter,
    opened: { readonly directory: QueueDirectory; readonly options: StrategyEndpointsOptions },
  ) {
    const { directory, options } = opened
    this.paths = paths
    this.ordersOut = ordersOut
    this.#options = options
    const { renewalIntervalMs = LEASE_RENEWAL_MS, onRenewalError } = options
    this.#marks = new QueueMarks(ordersOut, directory, { renewalIntervalMs, onRenewalError })
  }

  get name(): string {
    return this.paths.name
  }

  /** Whether READY and LEASE announce this strategy, as far as the last renewal found. */
  get isReady(): boolean {
    return this.#marks.state === 'announced'
  }

  /** What the last announcement or renewal found: whether the marks are there, or how they were lost. */
  get marksState(): MarksState {
    return this.#marks.state
  }

  get closed(): boolean {
    return this.ordersOut.closed
  }

  /**
   * Writes LEASE and READY: routers see the strategy within milliseconds. Replaces what a predecessor left that was killed.
   *
   * @throws {@link MarksLostError}: the directory is not at its path any more, or another process has the queue. `ERR_LINK`: a symbolic link stands in the place of a
   * mark.
   */
  markReady(): void {
    this.#assertOpen()
    this.#marks.markReady()
  }

  /**
   * Says in the LEASE that this process is still there. Happens by itself while the event loop turns.
   *
   * @throws as {@link markReady}.
   */
  renewLease(): void {
    this.#assertOpen()
    this.#marks.renewLease()
  }

  /**
   * The answers: the router writes, this process reads. `undefined` while no router has made that queue; the same reader at every call from then on.
   *
   * @throws what `openReader` throws for a queue that is there.
   */
  openOrdersIn(): QueueReader | undefined {
    this.#assertOpen()
    if (this.#ordersIn === undefined && queueIsThere(this.paths.ordersIn)) this.#ordersIn = this.#openQueueOfAnswers()
    return this.#ordersIn
  }

  #openQueueOfAnswers(): QueueReader | undefined {
    try {
      return openReader(this.paths.ordersIn, this.#readerName, this.#options.reader)
    } catch (error) {
      // The router makes the queue at this moment, or its directory was taken away between the look and the open.
      if (isQueueError(error, 'ERR_NOT_READY')) return undefined
      const isGone = isQueueError(error, 'ERR_NOT_FOUND') || isQueueError(error, 'ERR_NOT_A_QUEUE')
      if (isGone && !queueIsThere(this.paths.ordersIn)) return undefined
      throw error
    }
  }

  /** {@link openOrdersIn} that waits for the router. Rejects with the signal's reason when it aborts, and with `ERR_CLOSED` when the endpoints are closed meanwhile. */
  async waitForOrdersIn(options: { readonly signal?: AbortSignal } = {}): Promise<QueueReader> {
    this.#assertOpen()
    checkOptions(options, { signal: true })
    const { signal } = options
    checkSignal(signal)
    const closing = this.#closing.signal
    const either = signal === undefined ? closing : AbortSignal.any([signal, closing])
    for (;;) {
      await whenQueueAppears(this.paths.ordersIn, { signal: either }).catch((error) => {
        this.#assertOpen()
        throw error
      })
      const reader = this.openOrdersIn()
      // Undefined when the router replaces its queue at this moment.
      if (reader !== undefined) return reader
    }
  }

  /**
   * Writes the last LEASE record, removes READY and closes both queues. Marks of a successor are left alone. What was written stays for the router to read. May be called
   * again. Closes everything also when the marks cannot be taken back, and then throws.
   */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#closing.abort()
    try {
      // A writer that was closed without its endpoints gave the lock back, and the marks may be a successor's.
      if (!this.ordersOut.closed) this.#marks.markGone()
    } finally {
      this.#marks.close()
      try {
        this.#ordersIn?.close()
      } finally {
        this.ordersOut.close()
      }
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  get #readerName(): string {
    return this.#options.readerName ?? STRATEGY_READER_NAME
  }

  #assertOpen(): void {
    if (this.closed) throw new ClosedError({ handle: 'endpoints', directory: this.paths.directory })
  }
}
