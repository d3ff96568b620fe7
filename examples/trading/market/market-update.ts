/** One price level of a book. */
export interface Level {
  readonly price: number
  /** Base currency. 0 in an update removes the level. */
  readonly quantity: number
}

/** What one understood frame says about the book of one symbol, from any exchange. */
export type MarketUpdate = { readonly symbol: string } & (
  | {
      /** `snapshot`: the whole book; `levels`: those that changed, quantity 0 removes one. */
      readonly kind: 'snapshot' | 'levels'
      readonly bids: readonly Level[]
      readonly asks: readonly Level[]
    }
  /** The best bid and ask. A quantity of 0 was not said. */
  | { readonly kind: 'quote'; readonly bid: Level; readonly ask: Level }
  /** A trade or a candle: says nothing about the book. */
  | { readonly kind: 'other' }
)
