import { interpretFrame } from '../market/interpret-frame.js'
import { OrderBook } from '../market/order-book.js'
import { MidCrossingSignal, type TradeIntent } from '../mid-crossing-signal.js'

/** Something to trade, and where. */
export interface Decision extends TradeIntent {
  readonly venue: string
  readonly symbol: string
}

/** A book, and the signal that watches it. */
interface Watched {
  readonly book: OrderBook
  readonly signal: MidCrossingSignal
}

/**
 * Books and signals of a strategy: frames go in, decisions come out. One symbol at two venues is two books.
 *
 * A decision depends on nothing but the frames of its venue, in their order. A new view that gets the same frames makes the same decisions, however the
 * venues were interleaved: that is how a strategy gets its state back after it was killed.
 */
export class MarketView {
  /** Frames that say nothing this view understands. */
  notUnderstood = 0
  readonly #span: number
  readonly #watched = new Map<string, Watched>()

  /** @param span see {@link MidCrossingSignal} */
  constructor(span: number) {
    this.#span = span
  }

  /** Takes the next frame of a venue in. */
  observe(venue: string, frame: Buffer): Decision | undefined {
    const update = interpretFrame(frame)
    if (update === undefined) {
      this.notUnderstood++
      return undefined
    }
    const { symbol } = update
    const { book, signal } = this.#watch(`${venue} ${symbol}`)
    book.apply(update)
    const intent = book.top && signal.observe(book.top)
    return intent && { ...intent, venue, symbol }
  }

  #watch(key: string): Watched {
    const watched = this.#watched.get(key) ?? { book: new OrderBook(), signal: new MidCrossingSignal(this.#span) }
    this.#watched.set(key, watched)
    return watched
  }
}
