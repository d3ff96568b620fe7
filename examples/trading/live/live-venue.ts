import { ExpectedError } from '../process/expected-error.js'

/** Where an exchange's public feed is, and what to ask it for. */
export interface LiveSource {
  readonly url: string
  /** Messages to send when the connection stands. */
  readonly requests: readonly object[]
}

const BINANCE_SYMBOLS = ['btcusdt', 'ethusdt', 'solusdt']
const BINANCE_STREAMS = ['aggTrade', 'depth@100ms', 'bookTicker', 'kline_1m']

/** Exchanges whose public WebSocket the demo can listen to. */
export const LIVE_SOURCES = {
  coinbase: {
    url: 'wss://ws-feed.exchange.coinbase.com',
    // level2_batch carries the same snapshot and l2update messages as level2, and wants no login.
    requests: [
      { type: 'subscribe', product_ids: ['BTC-USD', 'ETH-USD', 'SOL-USD'], channels: ['level2_batch', 'ticker', 'matches'] },
    ],
  },
  binance: {
    url: `wss://fstream.binance.com/stream?streams=${BINANCE_SYMBOLS.flatMap((symbol) => BINANCE_STREAMS.map((stream) => `${symbol}@${stream}`)).join('/')}`,
    requests: [],
  },
} satisfies Record<string, LiveSource>

export type LiveVenue = keyof typeof LIVE_SOURCES

export const LIVE_VENUES = Object.keys(LIVE_SOURCES).join(', ')

/** Reads `--live`. @throws {@link ExpectedError} */
export function liveVenue(name: string): LiveVenue {
  if (!Object.hasOwn(LIVE_SOURCES, name)) throw new ExpectedError(`--live is one of ${LIVE_VENUES}: ${name}`)
  return name as LiveVenue
}
