import {
  ClosedError,
  openReader,
  openWriter,
  type QueueReader,
  type QueueWriter,
  type ReaderOptions,
  type WriterOptions,
} from '@chronicle-ts/core'
import { LEASE_RENEWAL_MS, STRATEGY_READER_NAME } from '../defaults.js'
import { BusLayout, type StrategyPaths } from '../layout/bus-layout.js'
import { whenQueueAppears } from '../queue/when-queue-appears.js'
import { queueIsThere } from '../queue/writer-epoch.js'
import { QueueMarks } from './queue-marks.js'

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
  /** Told when a renewal by timer failed. The next one tries again. */
  readonly onRenewalError?: (error: unknown) => void
}

/**
 * Opens a strategy's side of the bus: its directories and its `orders_out`. Nobody is told before {@link StrategyEndpoints.markReady}.
 *
 * @throws {@link WriterActiveError} `ERR_WRITER_ACTIVE`: the strategy runs already; {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`: no valid name; and what
 * `openWriter` throws.
 * @example
 * using strategy = openStrategyEndpoints('/var/lib/trading/bus', 'momentum')
 * strategy.markReady()
 * strategy.ordersOut.append(NEW_ORDER, encode(order))
 * const answers = await strategy.waitForOrdersIn({ signal })
 */
export function openStrategyEndpoints(
  bus: BusLayout | string,
  name: string,
  options: StrategyEndpointsOptions = {},
): StrategyEndpoints {
  const layout = typeof bus === 'string' ? new BusLayout(bus) : bus
  const paths = layout.createStrategy(name)
  const ordersOut = openWriter(paths.ordersOut, options.writer)
  try {
    return new StrategyEndpoints(paths, ordersOut, options)
  } catch (error) {
    ordersOut.close()
    throw error
  }
}

/** A strategy's ends of its two queues, and its marks. */
export class StrategyEndpoints implements Disposable, AsyncDisposable {
  readonly paths: StrategyPaths
  /** The orders: this process writes, the router reads. */
  readonly ordersOut: QueueWriter
  readonly #options: StrategyEndpointsOptions
  readonly #marks: QueueMarks
  /** Ends waits: they would keep the process alive for a queue that nobody opens any more. */
  readonly #closing = new AbortController()
  #ordersIn: QueueReader | undefined

  /** Use {@link openStrategyEndpoints}. */
  constructor(paths: StrategyPaths, ordersOut: QueueWriter, options: StrategyEndpointsOptions) {
    this.paths = paths
    this.ordersOut = ordersOut
    this.#options = options
    const { renewalIntervalMs = LEASE_RENEWAL_MS, onRenewalError } = options
    this.#marks = new QueueMarks(ordersOut, { renewalIntervalMs, onRenewalError })
  }

  get name(): string {
    return this.paths.name
  }

  get isReady(): boolean {
    return this.#marks.isReady
  }

  get closed(): boolean {
    return this.ordersOut.closed
  }

  /** Writes LEASE and READY: routers see the strategy within milliseconds. Replaces what a predecessor left that was killed. */
  markReady(): void {
    this.#assertOpen()
    this.#marks.markReady()
  }

  /** Says in the LEASE that this process is still there. Happens by itself while the event loop turns. */
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
    if (this.#ordersIn === undefined && queueIsThere(this.paths.ordersIn)) {
      this.#ordersIn = openReader(this.paths.ordersIn, this.#readerName, this.#options.reader)
    }
    return this.#ordersIn
  }

  /** {@link openOrdersIn} that waits for the router. `undefined` when the signal aborted before; rejects with `ERR_CLOSED` when the endpoints are closed meanwhile. */
  async waitForOrdersIn(options: { readonly signal?: AbortSignal } = {}): Promise<QueueReader | undefined> {
    this.#assertOpen()
    const { signal } = options
    const closing = this.#closing.signal
    const either = signal === undefined ? closing : AbortSignal.any([signal, closing])
    const isThere = await whenQueueAppears(this.paths.ordersIn, { signal: either })
    return isThere || signal?.aborted !== true ? this.openOrdersIn() : undefined
  }

  /** Says goodbye in the LEASE, removes READY and closes both queues. What was written stays for the router to read. May be called again. */
  close(): void {
    if (this.closed) return
    this.#closing.abort()
    try {
      this.#marks.markGone()
    } finally {
      this.#ordersIn?.close()
      this.ordersOut.close()
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
