import { whenQueueAppears } from '@chronicle-ts/bus'
import type { TopicBus, TopicPublisher } from '@chronicle-ts/topics'
import { sendNotesDirectory } from '../feed/send-notes-directory.js'
import { nowNs } from '../latency/clock.js'
import type { NewOrder, tradingTopics } from '../order-messages.js'
import type { ParentLink } from '../process/parent-link.js'
import type { StrategyState } from '../process/program-state.js'
import { AnswerLedger } from './answer-ledger.js'
import { MarketReader } from './market-reader.js'
import { MarketView } from './market-view.js'
import { OrderDesk } from './order-desk.js'
import { readOrderHistory } from './order-history.js'

/** Messages taken at a time, before the other half of the strategy has its turn. */
const BATCH_COUNT = 256
/** Longest sleep before looking for commands again. */
const LOOK_INTERVAL_MS = 20
/** Name under which a strategy reads its answers. */
const ANSWERS_READER = 'strategy'

export interface StrategyOptions {
  readonly bus: TopicBus<typeof tradingTopics>
  readonly venues: readonly string[]
  /** See {@link MidCrossingSignal}. */
  readonly span: number
}

/**
 * One strategy: reads market data, sends orders, reads the answers to them.
 *
 * It keeps nothing anywhere but in its queues. Killed at any instant and started again, it goes on where it was, sends no order twice and none not at all.
 */
export class Strategy {
  readonly #options: StrategyOptions
  readonly #view: MarketView
  readonly #desk: OrderDesk
  readonly #market: MarketReader
  readonly #startedNs = nowNs()
  readonly #ledger: AnswerLedger
  #hasTraded = false

  /** @param orders the strategy's publisher: its key is the strategy's name */
  constructor(options: StrategyOptions, orders: TopicPublisher<readonly [typeof NewOrder]>) {
    const { bus, span } = options
    const { key: name } = orders
    this.#options = options
    this.#view = new MarketView(span)
    this.#desk = new OrderDesk(name, orders, readOrderHistory(orders.queue.directory))
    this.#market = new MarketReader(name, this.#view, this.#desk)
    // From the first answer on, at every start: the answers are the memory of what the strategy holds.
    const fromTheFirst = { start: 'earliest', reset: true } as const
    const answers = bus.subscribe('answers', { name: ANSWERS_READER, source: name, reader: fromTheFirst })
    this.#ledger = new AnswerLedger(answers, this.#startedNs)
  }

  get state(): StrategyState {
    return {
      kind: 'strategy',
      positions: this.#market.positions,
      notUnderstood: this.#view.notUnderstood,
      repeats: this.#desk.repeats,
      gaps: this.#market.gaps,
      orders: this.#desk.lastOrderId,
      answers: this.#ledger.lastAnsweredId,
      latencies: {
        feed: this.#market.feedLatency.encode(),
        backlog: this.#market.backlogLatency.encode(),
        schedule: this.#market.scheduleLatency.encode(),
        roundTrip: this.#ledger.roundTrip.encode(),
      },
    }
  }

  /** Attaches every feed, waiting for those that are not there yet. */
  async attach(link: ParentLink<StrategyState>): Promise<void> {
    const { bus, venues } = this.#options
    const { layout } = bus
    for (const venue of venues) {
      for (const directory of [layout.feed(venue).directory, sendNotesDirectory(layout, venue)]) {
        await untilStopped(whenQueueAppears(directory, { signal: link.stopSignal }), link.stopSignal)
        if (link.stopSignal.aborted) return
      }
      this.#market.attach(layout, venue)
    }
  }

  /** Trades until it is stopped, or, asked to drain, until everything is read and every order answered. */
  async run(link: ParentLink<StrategyState>): Promise<void> {
    await Promise.all([this.#trade(link), this.#settle(link)])
  }

  close(): void {
    this.#market.close()
  }

  async #trade(link: ParentLink<StrategyState>): Promise<void> {
    while (!link.isStopping) {
      // Asked before reading: what was appended before the order to drain came is then seen by this reading.
      const { isDraining } = link
      const count = this.#market.read(BATCH_COUNT)
      if (count === BATCH_COUNT) await new Promise((resolve) => setImmediate(resolve))
      else if (count === 0 && isDraining) break
      else await this.#market.wait(LOOK_INTERVAL_MS)
    }
    this.#hasTraded = true
  }

  async #settle(link: ParentLink<StrategyState>): Promise<void> {
    const ledger = this.#ledger
    while (!link.isStopping) {
      const count = ledger.read(BATCH_COUNT)
      if (this.#hasTraded && ledger.lastAnsweredId >= this.#desk.lastOrderId) return
      if (count === BATCH_COUNT) await new Promise((resolve) => setImmediate(resolve))
      else await ledger.wait(LOOK_INTERVAL_MS)
    }
  }
}

/** A wait that the signal to stop ends without an error. */
async function untilStopped<Found>(wait: Promise<Found>, signal: AbortSignal): Promise<Found | undefined> {
  try {
    return await wait
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
