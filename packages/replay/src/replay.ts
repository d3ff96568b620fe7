import { BusyError, ClosedError, InvalidArgumentError, type Message } from '@chronicle-ts/core'
import { assert, momentNs } from '@chronicle-ts/core/internal'
import type { FanInMessage } from '@chronicle-ts/fanin'
import { eventLoopTurn } from './activity.js'
import { History } from './history.js'
import { Pacer } from './pacer.js'
import { ReplayClock } from './replay-clock.js'
import { checkHandler, checkReplayOptions, checkSpeed, type ReplayHandler, type ReplayOptions } from './replay-options.js'

/** A fast replay lets the event loop turn once in so many milliseconds, so that it keeps no signal, timer or socket of the process waiting. A turn costs as much as a hundred messages. */
const TURN_INTERVAL_MS = 5
/** Events between two looks at the machine's clock. */
const EVENTS_PER_LOOK = 64

/** How far one call goes. */
interface Limit {
  /** Messages that it delivers at most. */
  readonly count: number
  /** Last time that it goes to; `undefined`: to the last message. */
  readonly untilNs?: bigint
  readonly isPaced: boolean
}

/**
 * Opens a replay: the messages of several queues in the order of the fan-in (time, key, sequence), with a clock that shows their time. Two replays of the same queues call the
 * same handlers in the same order with the same times, at any speed.
 *
 * @throws what opening a source throws; `ERR_INVALID_ARGUMENT`.
 * @example
 * ```ts
 * using replay = openReplay({ sources: { quotes: '/var/lib/quotes', fills: '/var/lib/fills' }, from: 'earliest', speed: 60 })
 * replay.clock.setTimer(60_000, (nowNs) => console.log('a minute later', nowNs))
 * await replay.run(({ key, message }) => console.log(key, message.sequence, replay.clock.nowNs()))
 * ```
 */
export function openReplay(options: ReplayOptions): Replay {
  checkReplayOptions(options)
  return Replay.of(options)
}

/** A replay of recorded queues. See {@link openReplay}. */
export class Replay {
  readonly clock: ReplayClock
  readonly #history: History
  readonly #pacer = new Pacer()
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = (): void => this.pause()
  #handler: ReplayHandler | undefined
  /** The message that comes next, where it is known. */
  #next: FanInMessage<Message> | undefined
  #running: string | undefined
  #isPaused = false
  #isClosed = false
  #hasEnded = false
  #messages = 0
  #turnDueMs = 0

  /** @internal Use {@link openReplay}. */
  static of(options: ReplayOptions): Replay {
    return new Replay(options)
  }

  private constructor(options: ReplayOptions) {
    this.clock = new ReplayClock(() => this.#pacer.interrupt())
    this.#handler = options.handler
    this.#pacer.speed = options.speed ?? Number.POSITIVE_INFINITY
    this.#signal = options.signal
    this.#history = new History(options.sources, options.from)
    try {
      this.#begin(options)
    } catch (error) {
      this.#history.close()
      throw error
    }
    options.signal?.addEventListener('abort', this.#onAbort)
  }

  /** How many times as fast as recorded. May be set at any time; takes effect at once. `Infinity`: without waiting. */
  get speed(): number {
    return this.#pacer.speed
  }

  set speed(speed: number) {
    checkSpeed(speed)
    this.#pacer.speed = speed
  }

  /** Messages that were delivered. */
  get messages(): number {
    return this.#messages
  }

  /** Whether every message was delivered. */
  get ended(): boolean {
    return this.#hasEnded
  }

  /**
   * Delivers all messages that are left, at the {@link speed}, with the timers between them.
   *
   * @param handler gets each message; what it returns is awaited before time moves on. Default: that of the last call, or of the options.
   * @returns how many messages this call delivered: fewer than all after {@link pause} or {@link close}, or when the signal aborts.
   * @throws what the handler or a timer throws, after which the next call goes on with the next event. What reading throws: each call throws it again.
   */
  run(handler?: ReplayHandler): Promise<number> {
    return this.#start('run', handler, { count: Number.POSITIVE_INFINITY, isPaced: true })
  }

  /** Delivers the next `count` messages without waiting, with the timers before them. As {@link run} otherwise. */
  step(count = 1, handler?: ReplayHandler): Promise<number> {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new InvalidArgumentError({ argument: 'count', value: count, expected: 'an integer from 0 on' })
    return this.#start('step', handler, { count, isPaced: false })
  }

  /** Delivers the messages and timers up to this time, itself included, at the {@link speed}. Then the clock shows it, also beyond the last message. As {@link run} otherwise. */
  until(place: { readonly timestampNs: bigint }, handler?: ReplayHandler): Promise<number> {
    const untilNs: unknown = place?.timestampNs
    if (typeof untilNs !== 'bigint' || untilNs < 0n || untilNs >= 1n << 64n)
      throw new InvalidArgumentError({ argument: 'timestampNs', value: untilNs, expected: 'a bigint of nanoseconds' })
    return this.#start('until', handler, { count: Number.POSITIVE_INFINITY, untilNs, isPaced: true })
  }

  /** Ends the call that is under way after its present event. The next call goes on there. */
  pause(): void {
    this.#isPaused = this.#running !== undefined
    this.#pacer.interrupt()
  }

  /** Ends the call that is under way, and closes the sources that the replay opened. The caller's own stand before the first message that was not delivered. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#pacer.interrupt()
    const unhandled = this.#next
    this.#next = undefined
    this.#history.close(unhandled)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #begin({ from }: ReplayOptions): void {
    this.clock.moveTo(beginNs(from))
    const first = this.#peek()
    if (first !== undefined) this.clock.moveToMessage(first.message)
  }

  #start(method: string, handler: ReplayHandler | undefined, limit: Limit): Promise<number> {
    if (this.#isClosed) throw new ClosedError({ handle: 'replay' })
    if (this.#running !== undefined) throw new BusyError({ handle: 'replay', method, during: this.#running })
    const used = handler ?? this.#handler
    checkHandler(used)
    this.#handler = used
    return this.#run(method, used, limit)
  }

  async #run(method: string, handler: ReplayHandler, limit: Limit): Promise<number> {
    const before = this.#messages
    this.#running = method
    this.#isPaused = false
    this.#pacer.restart()
    try {
      while (!this.#isOver && this.#messages - before < limit.count) {
        if (performance.now() >= this.#turnDueMs) await this.#turn()
        const step = this.#advanceOften(handler, limit, before)
        if (step === 'end') break
        if (step !== undefined) await step
      }
    } finally {
      this.#running = undefined
    }
    return this.#messages - before
  }

  async #turn(): Promise<void> {
    await eventLoopTurn()
    this.#turnDueMs = performance.now() + TURN_INTERVAL_MS
  }

  /** {@link #advance} until there is something to wait for, or to look at. */
  #advanceOften(handler: ReplayHandler, limit: Limit, before: number): Promise<void> | 'end' | undefined {
    for (let events = 0; events < EVENTS_PER_LOOK; events++) {
      const step = this.#advance(handler, limit)
      if (step !== undefined) return step
      if (this.#isOver || this.#messages - before >= limit.count) break
    }
    return undefined
  }

  get #isOver(): boolean {
    return this.#isPaused || this.#isClosed || this.#signal?.aborted === true
  }

  /** One event, or a wait for it. */
  #advance(handler: ReplayHandler, limit: Limit): Promise<void> | 'end' | undefined {
    const next = this.#peek()
    const isFree = this.clock.timers.size === 0 && limit.untilNs === undefined
    if (isFree && (!limit.isPaced || this.speed === Number.POSITIVE_INFINITY))
      return next === undefined ? 'end' : this.#deliver(handler, next)
    return this.#advanceInTime(handler, next, limit)
  }

  /** {@link #advance} where times have to be compared. */
  #advanceInTime(
    handler: ReplayHandler,
    next: FanInMessage<Message> | undefined,
    limit: Limit,
  ): Promise<void> | 'end' | undefined {
    const nowNs = this.clock.nowNs()
    const messageNs = next === undefined ? undefined : later(next.message.timestampNs, nowNs)
    const timer = this.clock.timers.first
    const isTimer = timer !== undefined && (messageNs === undefined || timer.dueNs < messageNs)
    const eventNs = isTimer ? timer.dueNs : messageNs
    // Without a limit the time ends with the last message, or where it is now.
    const endNs = limit.untilNs ?? messageNs ?? nowNs
    const dueNs = eventNs === undefined || eventNs > endNs ? limit.untilNs : eventNs
    if (dueNs === undefined) return 'end'
    const wait = limit.isPaced ? this.#pacer.waitFor(dueNs, nowNs) : undefined
    if (wait !== undefined) return wait
    if (dueNs !== eventNs) {
      this.clock.moveTo(dueNs)
      return 'end'
    }
    if (!isTimer) return next === undefined ? 'end' : this.#deliver(handler, next)
    this.clock.moveTo(dueNs)
    assert(this.clock.timers.takeFirst() === timer, 'the timer that fires is the first one')
    return timer.fire()
  }

  #deliver(handler: ReplayHandler, delivery: FanInMessage<Message>): Promise<void> | undefined {
    this.clock.moveToMessage(delivery.message)
    this.#next = undefined
    this.#messages++
    return this.clock.perform(handler, delivery)
  }

  #peek(): FanInMessage<Message> | undefined {
    this.#next ??= this.#history.next()
    this.#hasEnded = this.#next === undefined
    return this.#next
  }
}

/** The time that a place names; 0 for one that names none. Sources were moved to the place before, and have refused one that is not valid. */
function beginNs(from: ReplayOptions['from']): bigint {
  if (typeof from !== 'object') return 0n
  if ('time' in from) return momentNs(from.time) ?? 0n
  return 'timestampNs' in from ? from.timestampNs : 0n
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
