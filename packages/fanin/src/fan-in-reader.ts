import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AsyncWaitOptions,
  ClosedError,
  InvalidArgumentError,
  type Message,
  type MessageSource,
  type QueueObserver,
  type QueueReader,
  type Synchronous,
  type WaitOptions,
  type WaitOutcome,
  waitForAny,
  waitForAnyAsync,
} from '@chronicle-ts/core'
import {
  BLOCKING_WAIT_TIMEOUT_MS,
  checkFlag,
  checkOptions,
  checkPoll,
  checkPolled,
  checkSignal,
  checkSource,
  type Interruption,
  type IteratedSource,
  type OptionNames,
  onAbort,
  SourceIterator,
} from '@chronicle-ts/core/internal'
import {
  EMPTY_WAIT_MS,
  HEARTBEAT_LOOK_INTERVAL_MS,
  HEARTBEAT_LOOK_MAX_MS,
  HEARTBEAT_LOOK_SHARE,
  ITERATOR_TURN_COUNT,
} from './defaults.js'
import type { FanInMessage } from './fan-in-message.js'
import {
  checkTimeout,
  type FanInOptions,
  type FanInSourceOptions,
  type ResolvedFanInOptions,
  resolveFanInOptions,
  resolveLateness,
} from './fan-in-options.js'
import { measureMerge } from './measure-merge.js'
import { Merge } from './merge.js'
import type { FanInMetrics } from './merge-metrics.js'
import type { SourceFailure } from './source-failure.js'

const WAIT_NAMES: OptionNames<WaitOptions> = { timeoutMs: true }
const ASYNC_WAIT_NAMES: OptionNames<AsyncWaitOptions> = { timeoutMs: true, signal: true }
const ITERATOR_NAMES: OptionNames<{ readonly signal?: AbortSignal }> = { signal: true }
const COMMIT_NAMES: OptionNames<{ readonly key?: string; readonly durable?: boolean }> = { key: true, durable: true }

/** Longest timer of a wait that has no source. It begins again until one is added. */
const LONGEST_TIMER_MS = 60_000

/**
 * Merges many queues into one stream by (timestamp, key of the source), each queue in its own order. Sources come and go while it runs.
 *
 * In `eager` mode the earliest visible message comes next: no delay, and an order that depends on what was visible when. In `ordered` mode a message waits until no
 * other source can deliver an earlier one: the order is a function of the data. docs/fanin.md says under which settings exactly.
 *
 * A source that throws is set aside with its error (`failures`, `onSourceError`) until it is retried or removed; the others go on. One whose reason may pass is retried by
 * the fan-in itself.
 *
 * @example
 * ```ts
 * using orders = new FanInReader({ mode: 'ordered', ownsSources: true })
 * orders.add('alpha', openReader('/var/lib/bus/alpha/orders_out', 'router'))
 * orders.add('beta', openReader('/var/lib/bus/beta/orders_out', 'router'))
 * for await (const { key, message } of orders.messages()) {
 *   handle(key, message.payload)
 *   orders.commit()
 * }
 * ```
 */
export class FanInReader<S extends MessageSource = QueueReader | QueueObserver> {
  readonly #options: ResolvedFanInOptions
  readonly #merge: Merge<Message, S>
  /** End the sleeps of waits that are under way. */
  readonly #interruptions = new Set<() => void>()
  #isClosed = false

  /** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
  constructor(options: FanInOptions = {}) {
    this.#options = resolveFanInOptions(options)
    this.#merge = new Merge(this.#options)
  }

  /**
   * Adds a source, now or between any two messages. From here on it belongs to the fan-in: no other code may read, seek or commit it.
   *
   * What it holds that is older than the last delivered message is delivered next, flagged late.
   *
   * @param key names the source and decides between equal timestamps: the lower one (by UTF-16 code units) goes first.
   * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`: the key is taken, or the source is in under another.
   */
  add(key: string, source: S, options: FanInSourceOptions = {}): void {
    this.#assertOpen()
    checkKey(key)
    checkSource('source', source)
    checkOptions(options, { allowedLatenessNs: true })
    const { allowedLatenessNs } = options
    const { allowedLatenessNs: ofAll, mode } = this.#options
    const lateness = allowedLatenessNs === undefined ? ofAll : resolveLateness(allowedLatenessNs, mode)
    this.#merge.add(key, source, lateness)
    this.#interruptWaits()
  }

  /**
   * Takes a source out and returns it, `undefined` when there is none of this key. Commits nothing: what it delivered since its last commit is repeated to
   * the next reader of the name. Closes the source if the fan-in owns its sources.
   */
  remove(key: string): S | undefined {
    checkKey(key)
    this.#assertOpen()
    const source = this.#merge.remove(key)
    if (source === undefined) return undefined
    this.#interruptWaits()
    if (this.#options.ownsSources) source.close()
    return source
  }

  /** Puts a source back that was set aside; it goes on where it failed. @returns false when no source of this key is set aside. */
  retry(key: string): boolean {
    checkKey(key)
    this.#assertOpen()
    const isBack = this.#merge.retry(key)
    if (isBack) this.#interruptWaits()
    return isBack
  }

  /** Keys of the sources, sorted. */
  get keys(): string[] {
    return this.#merge.table.keys()
  }

  has(key: string): boolean {
    checkKey(key)
    return this.#merge.table.slotOf(key) !== undefined
  }

  get size(): number {
    return this.#merge.table.size
  }

  /** The sources that are set aside, with the error of each, sorted by key. */
  get failures(): SourceFailure[] {
    return this.#merge.failures()
  }

  /**
   * The next message in order, or `undefined` when none can be delivered now. Never blocks, never throws because of a source.
   *
   * What it returns is a view, valid until the next call of this fan-in; `message.copy()` keeps the message.
   */
  next(): FanInMessage<Message> | undefined {
    this.#assertOpen()
    return this.#merge.next()
  }

  /** Hands up to `limit` messages to the handler, each a view as in {@link next}; returns how many. What the handler throws ends the batch, and so does closing. The handler must be synchronous. */
  poll<Result>(limit: number, handler: (delivery: FanInMessage<Message>) => Result & Synchronous<Result>): number {
    this.#assertOpen()
    checkPoll(limit, handler)
    let count = 0
    while (count < limit && !this.#isClosed) {
      const delivery = this.next()
      if (delivery === undefined) break
      checkPolled(handler(delivery))
      count++
    }
    return count
  }

  /**
   * Saves positions: everything that was delivered counts as done, and nothing that was only looked at. Sources that delivered nothing since then cost
   * nothing. `key` saves one source only; `durable` makes the positions survive a power cut.
   *
   * @returns what could not be saved; these sources stay in, and the next commit tries again.
   * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`: no source has this key.
   */
  commit(options?: { readonly key?: string; readonly durable?: boolean }): readonly SourceFailure[] {
    this.#assertOpen()
    // A loop commits each message like this.
    if (options === undefined) return this.#merge.commit(false)
    checkOptions(options, COMMIT_NAMES)
    const { key, durable = false } = options
    checkFlag('durable', durable)
    return key === undefined ? this.#merge.commit(durable) : this.#merge.commitKey(key, durable)
  }

  /**
   * Blocks the calling thread until {@link next} has a message, or the time is over, by default after a second. In ordered mode a message that is held back does not count.
   *
   * Without a source to wait for and without a timeout it sleeps a moment and answers `'timeout'`, because nothing could end it.
   *
   * @throws {@link ClosedError} `ERR_CLOSED`, also at once when `onSourceError` closes the fan-in.
   */
  wait(options: WaitOptions = {}): WaitOutcome {
    this.#assertOpen()
    checkOptions(options, WAIT_NAMES)
    const { timeoutMs = BLOCKING_WAIT_TIMEOUT_MS } = options
    checkTimeout(timeoutMs)
    const deadline = performance.now() + timeoutMs
    for (;;) {
      if (this.#merge.isReady()) return 'message'
      this.#assertOpen()
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return 'timeout'
      const sources = this.#merge.silentSources()
      if (sources.length > 0) this.#waitFor(sources, leftMs)
      else {
        pause(Math.min(this.#sliceMs(leftMs), EMPTY_WAIT_MS))
        if (timeoutMs === Number.POSITIVE_INFINITY) return 'timeout'
      }
    }
  }

  /**
   * {@link wait} that leaves the event loop turning. Sources that are added meanwhile are waited for too. Rejects with the signal's reason when aborted, with
   * `ERR_CLOSED` when the fan-in is closed meanwhile.
   */
  async waitAsync(options: AsyncWaitOptions = {}): Promise<WaitOutcome> {
    checkOptions(options, ASYNC_WAIT_NAMES)
    const { timeoutMs = Number.POSITIVE_INFINITY, signal } = options
    checkSignal(signal)
    checkTimeout(timeoutMs)
    const deadline = performance.now() + timeoutMs
    for (;;) {
      signal?.throwIfAborted()
      this.#assertOpen()
      if (this.#merge.isReady()) return 'message'
      // Looking calls back, and a callback may have aborted the signal or closed the fan-in.
      signal?.throwIfAborted()
      this.#assertOpen()
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return 'timeout'
      await this.#sleep(leftMs, signal)
    }
  }

  /**
   * All messages from here on, without an end, waiting where there is none. Ends when the signal is aborted or the fan-in is closed, and at once at `return()`, also while it
   * waits.
   */
  messages(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<FanInMessage<Message>, void, void> {
    checkOptions(options, ITERATOR_NAMES)
    checkSignal(options.signal)
    const iterated: IteratedSource<FanInMessage<Message>> = {
      isClosed: () => this.#isClosed,
      take: () => this.next(),
      waitForMore: ({ signal, interruption }) => this.#waitForNext(signal, interruption),
      ended: () => undefined,
    }
    return new SourceIterator(iterated, { signal: options.signal, turnsAtOnce: ITERATOR_TURN_COUNT })
  }

  async #waitForNext(signal: AbortSignal | undefined, interruption: Interruption): Promise<void> {
    const ending = new AbortController()
    const end = (): void => ending.abort()
    const stopListening = signal === undefined ? () => {} : onAbort(signal, end)
    const endInterruption = interruption.onEnd(end)
    try {
      await this.waitAsync({ signal: ending.signal })
    } catch (error) {
      if (!ending.signal.aborted) throw error
    } finally {
      endInterruption()
      stopListening()
    }
  }

  /** Counts, states, watermarks and lags, per source and in total. Looks at every source once. */
  metrics(): FanInMetrics {
    this.#assertOpen()
    return measureMerge(this.#merge)
  }

  get closed(): boolean {
    return this.#isClosed
  }

  /** Ends all waits; closes the sources if the fan-in owns them. Commits nothing. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#merge.end()
    this.#interruptWaits()
    if (this.#options.ownsSources) this.#merge.closeSources()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError({ handle: 'fan-in' })
  }

  #interruptWaits(): void {
    for (const interrupt of this.#interruptions) interrupt()
  }

  /**
   * Heartbeats wake no sleeper, nor do failures: while messages are held back for one, or a failure is to be reported, sleeps are short. They end when a source is to be
   * tried again.
   */
  #sliceMs(leftMs: number): number {
    const { table, failed } = this.#merge
    if (failed.hasUntold) return Math.min(leftMs, HEARTBEAT_LOOK_INTERVAL_MS)
    const untilRetryMs = Math.max(failed.msUntilRetry, HEARTBEAT_LOOK_INTERVAL_MS)
    return Math.min(leftMs, untilRetryMs, table.heldCount > 0 ? this.#heldSliceMs() : Number.POSITIVE_INFINITY)
  }

  /** The longer messages have been held back, the less a little more matters. */
  #heldSliceMs(): number {
    const forMs = this.#merge.heldBackBy()?.forMs ?? 0
    const untilLetGoMs = Math.max(0, this.#options.holdBackMs - forMs)
    const grownMs = Math.min(forMs / HEARTBEAT_LOOK_SHARE, HEARTBEAT_LOOK_MAX_MS, untilLetGoMs)
    return Math.max(HEARTBEAT_LOOK_INTERVAL_MS, grownMs)
  }

  #waitFor(sources: readonly S[], leftMs: number): void {
    try {
      waitForAny(sources, { timeoutMs: this.#sliceMs(leftMs), strategy: this.#options.wait })
    } catch (error) {
      if (!this.#merge.lookForFailures()) throw error
    }
  }

  /** Until something may have changed: a source, the set of sources, the time. */
  async #sleep(leftMs: number, signal: AbortSignal | undefined): Promise<void> {
    const interruption = new AbortController()
    const interrupt = (): void => interruption.abort()
    const stopListening = signal === undefined ? () => {} : onAbort(signal, interrupt)
    this.#interruptions.add(interrupt)
    try {
      const sources = this.#merge.silentSources()
      const options = { signal: interruption.signal }
      if (sources.length === 0) await sleep(Math.min(this.#sliceMs(leftMs), LONGEST_TIMER_MS), undefined, options)
      else await waitForAnyAsync(sources, { ...options, timeoutMs: this.#sliceMs(leftMs), strategy: this.#options.wait })
    } catch (error) {
      if (!interruption.signal.aborted && !this.#merge.lookForFailures()) throw error
    } finally {
      this.#interruptions.delete(interrupt)
      stopListening()
    }
  }
}

const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the thread for a while. */
function pause(durationMs: number): void {
  Atomics.wait(NEVER_WOKEN, 0, 0, durationMs)
}

/** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
function checkKey(key: unknown): void {
  if (typeof key !== 'string') throw new InvalidArgumentError({ argument: 'key', value: key, expected: 'a string' })
}
