import { statSync } from 'node:fs'
import { type BusLayout, openStrategyEndpoints, type StrategyEndpoints } from '@chronicle-ts/bus'
import { QueueError, realtimeNs } from '@chronicle-ts/core'
import type { Random } from '../random.js'
import { createOrder, fillOrder, ORDER_TYPE, orderIdOf } from './order.js'

/** Small, so that the orders of a strategy fill several while it lives. */
const SEGMENT_SIZE = 64 * 1024
/** A strategy that fails while its directory stays in its place is a fault; one whose directory is being taken away may fail first. */
const DOUBT_MS = 10_000

/** One strategy that comes, sends orders, reads the answers, leaves now and then, and begins again where its directory vanished. */
export class StrategyLife {
  readonly #layout: BusLayout
  readonly #name: string
  readonly #random: Random
  readonly #order: Buffer
  #endpoints: StrategyEndpoints | undefined
  /** Which directory this life began in. */
  #stamp: string | undefined
  /** What went wrong, and when that is a fault (milliseconds of `performance.now`). */
  #doubt: { readonly error: Error; readonly untilMs: number } | undefined
  /** Not open before (milliseconds of `performance.now`). */
  #pauseUntilMs = 0

  constructor(layout: BusLayout, name: string, random: Random) {
    this.#layout = layout
    this.#name = name
    this.#random = random
    this.#order = createOrder(name)
  }

  /** A turn of the strategy. @throws what is not a consequence of a directory that vanished. */
  act(nowMs: number): void {
    this.#turn(nowMs, () => this.#live(nowMs))
  }

  /** Opens what is not open, and sends nothing more. Answers are read on by {@link rest}. */
  rest(nowMs: number): void {
    this.#turn(nowMs, () => {
      if (this.#endpoints === undefined) this.#open()
      this.#readAnswers()
    })
  }

  /** One that could not open tries again until the doubt is over: its directory may have been taken away in the middle. */
  #turn(nowMs: number, work: () => void): void {
    if (this.#hasVanished()) this.#end(nowMs)
    if (this.#doubt !== undefined && nowMs > this.#doubt.untilMs) throw this.#doubt.error
    if (this.#doubt !== undefined && this.#endpoints !== undefined) return
    if (nowMs < this.#pauseUntilMs) return
    try {
      work()
      this.#doubt = undefined
    } catch (error) {
      if (!(error instanceof QueueError)) throw error
      this.#doubt ??= { error, untilMs: nowMs + DOUBT_MS }
    }
  }

  close(): void {
    this.#endpoints?.close()
  }

  #live(nowMs: number): void {
    const endpoints = this.#endpoints ?? this.#open()
    for (let count = this.#random.integer(0, 4); count > 0; count--) {
      fillOrder(this.#order, endpoints.ordersOut.nextSequence + 1, realtimeNs())
      endpoints.ordersOut.append(ORDER_TYPE, this.#order)
    }
    if (this.#random.chance(0.5)) this.#readAnswers()
    if (this.#random.chance(0.002)) this.#end(nowMs)
  }

  #open(): StrategyEndpoints {
    const endpoints = openStrategyEndpoints(this.#layout, this.#name, { writer: { segmentSize: SEGMENT_SIZE } })
    this.#endpoints = endpoints
    this.#stamp = this.#look()
    endpoints.markReady()
    return endpoints
  }

  #readAnswers(): void {
    const answers = this.#endpoints?.openOrdersIn()
    if (answers === undefined) return
    for (let answer = answers.next(); answer !== undefined; answer = answers.next()) {
      const orderId = orderIdOf(answer.payload)
      if (orderId !== answer.sequence + 1) throw new Error(`${this.#name}: answer ${answer.sequence} is to order ${orderId}`)
    }
    answers.commit()
  }

  /** Leaves in good order, as far as there is still something to leave. */
  #end(nowMs: number): void {
    const hasVanished = this.#hasVanished()
    try {
      this.#endpoints?.close()
    } catch (error) {
      if (!hasVanished || !(error instanceof QueueError)) throw error
    }
    this.#endpoints = undefined
    this.#stamp = undefined
    this.#doubt = undefined
    // Sometimes at once: a router may then find another directory of the same name where it looked a moment before.
    this.#pauseUntilMs = this.#random.chance(0.4) ? 0 : nowMs + this.#random.integer(0, 300)
  }

  #hasVanished(): boolean {
    return this.#endpoints !== undefined && (this.#stamp === undefined || this.#look() !== this.#stamp)
  }

  #look(): string | undefined {
    const stats = statSync(this.#layout.strategy(this.#name).directory, { bigint: true, throwIfNoEntry: false })
    return stats === undefined ? undefined : `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`
  }
}
