import { whenQueueAppears } from '@chronicle-ts/bus'
import { realtimeNs } from '@chronicle-ts/core'
import type { TopicBus, TopicPublisher } from '@chronicle-ts/topics'
import { sendNotesDirectory } from '../feed/send-notes.js'
import type { NewOrder, tradingTopics } from '../order-messages.js'
import type { ParentLink } from '../process/parent-link.js'
import type { StrategyState } from '../process/program-state.js'
import { AnswerLedger } from './answer-ledger.js'
import { MarketReader } from './market-reader.js'
import { MarketView } from './market-view.js'
import { OrderDesk } from './order-desk.js'
import { readOrderHistory } from './order-history.js'

/** Name under which a strategy reads its answers. */
const ANSWERS_READER = 'strategy'

export interface StrategyOptions {
  readonly bus: TopicBus<typeof tradingTopics>
  readonly venues: readonly string[]
  /** See `MidCrossingSignal`. */
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
  readonly #ledger: AnswerLedger

  /** @param orders the strategy's publisher: its key is the strategy's name */
  constructor(options: StrategyOptions, orders: TopicPublisher<readonly [typeof NewOrder]>) {
    const { bus, span } = options
    const { key: name } = orders
    this.#options = options
    this.#view = new MarketView(span)
    this.#desk = new OrderDesk(name, orders, readOrderHistory(orders.queue.directory))
    this.#market = new MarketReader(name, this.#view, this.#desk)
    // From the first answer on, at every start: the strategy keeps no count of its answers elsewhere.
    const fromTheFirst = { start: 'earliest', reset: true } as const
    const answers = bus.subscribe('answers', { name: ANSWERS_READER, source: name, reader: fromTheFirst })
    this.#ledger = new AnswerLedger(answers, realtimeNs())
  }

  get state(): StrategyState {
    const { feed, schedule, backlog } = this.#market.latencies
    return {
      positions: this.#market.positions,
      notUnderstood: this.#view.notUnderstood,
      repeats: this.#desk.repeats,
      gaps: this.#market.gaps,
      orders: this.#desk.lastOrderId,
      answers: this.#ledger.lastAnsweredId,
      latencies: {
        feed: feed.encode(),
        schedule: schedule.encode(),
        backlog: backlog.encode(),
        roundTrip: this.#ledger.roundTrip.encode(),
      },
    }
  }

  /** Attaches every feed, waiting for those that are not there yet. */
  async attach(signal: AbortSignal): Promise<void> {
    const { bus, venues } = this.#options
    const { layout } = bus
    for (const venue of venues) {
      for (const directory of [layout.feed(venue).directory, sendNotesDirectory(layout, venue)])
        await whenQueueAppears(directory, { signal })
      this.#market.attach(layout, venue)
    }
  }

  /** Trades until it is stopped, or, asked to drain, until everything is read and every order answered. */
  async run(link: ParentLink<StrategyState>): Promise<void> {
    let hasTraded = false
    const trading = link.readAll(this.#market).then(() => {
      hasTraded = true
    })
    const isSettled = () => hasTraded && this.#ledger.lastAnsweredId >= this.#desk.lastOrderId
    await Promise.all([trading, link.readAll(this.#ledger, isSettled)])
  }

  close(): void {
    this.#market.close()
  }
}
