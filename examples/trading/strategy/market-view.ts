import { interpretFrame } from '../market/interpret-frame.js'
import { MarketBooks } from '../market/market-books.js'
import { MidCrossingSignal, type TradeIntent } from '../mid-crossing-signal.js'

/** Something to trade, and where. */
export interface Decision extends TradeIntent {
  readonly venue: string
  readonly symbol: string
}

/**
 * Books and signal of a strategy: frames go in, decisions come out.
 *
 * A decision depends on nothing but the frames of its venue, in their order. A new view that gets the same frames makes the same decisions, however the
 * venues were interleaved: that is how a strategy gets its state back after it was killed.
 */
export class MarketView {
  /** Frames that say nothing this view understands. */
  notUnderstood = 0
  readonly #books = new MarketBooks()
  readonly #signal: MidCrossingSignal

  /** @param span see {@link MidCrossingSignal} */
  constructor(span: number) {
    this.#signal = new MidCrossingSignal(span)
  }

  /** Takes the next frame of a venue in. */
  observe(venue: string, frame: Buffer): Decision | undefined {
    const update = interpretFrame(frame)
    if (update === undefined) {
      this.notUnderstood++
      return undefined
    }
    const { top } = this.#books.apply(venue, update)
    if (top === undefined) return undefined
    const intent = this.#signal.observe(`${venue} ${update.symbol}`, top)
    return intent === undefined ? undefined : { ...intent, venue, symbol: update.symbol }
  }
}
