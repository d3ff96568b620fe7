/** One price level of a book. */
export interface Level {
  readonly price: number
  /** Base currency. 0 in an update removes the level. */
  readonly quantity: number
}

export type Side = 'buy' | 'sell'

/** What one understood frame says about one symbol, from any exchange. */
export type MarketUpdate =
  /** The whole book. */
  | { readonly kind: 'snapshot'; readonly symbol: string; readonly bids: readonly Level[]; readonly asks: readonly Level[] }
  /** Levels that changed; quantity 0 removes one. */
  | { readonly kind: 'levels'; readonly symbol: string; readonly bids: readonly Level[]; readonly asks: readonly Level[] }
  /** The best bid and ask. A quantity of 0 was not said. */
  | { readonly kind: 'quote'; readonly symbol: string; readonly bid: Level; readonly ask: Level }
  | { readonly kind: 'trade'; readonly symbol: string; readonly price: number; readonly quantity: number; readonly side: Side }
  /** The candle so far. */
  | { readonly kind: 'candle'; readonly symbol: string; readonly close: number; readonly volume: number }
