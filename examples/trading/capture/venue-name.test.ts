import { expect, it } from 'vitest'
import { venueName } from './venue-name.js'

it.each([
  ['data/coinbase-2021-04-17.ws.txt.gz', 'coinbase'],
  ['/x/binance-futures-2021-07-22.ws.txt.gz', 'binance-futures'],
  ['kraken.txt', 'kraken'],
  ['OKX_20240101T1200.ndjson', 'OKX'],
  ['my capture (1).log', 'my-capture-1'],
  ['2021-04-17.txt', '2021-04-17'],
  ['..hidden', 'hidden'],
  ['.gz', 'feed'],
  ['ä', 'feed'],
  [`${'x'.repeat(300)}.txt`, 'x'.repeat(32)],
])('names the venue of %s %s', (path, venue) => {
  expect(venueName(path)).toBe(venue)
})
