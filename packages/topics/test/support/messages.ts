import { ascii, f64, message, u16, u32, utf8 } from '@chronicle-ts/schema'
import { defineTopics, feed, ordersIn, ordersOut, queue } from '../../src/index.js'

/** The messages and topics that the tests of this package are about. */
export const Quote = message('Quote', 1, { instrumentId: u32(), bid: f64(), ask: f64() })
  .keyedBy('instrumentId')
  .since(2, { venue: u16() })
export const Trade = message('Trade', 2, { instrumentId: u32(), price: f64() }).keyedBy('instrumentId')
export const NewOrder = message('NewOrder', 10, { id: u32(), price: f64(), symbol: ascii(8) })
export const Cancel = message('Cancel', 11, { id: u32() })
export const Fill = message('Fill', 12, { id: u32(), price: f64() })
export const Entry = message('Entry', 20, { text: utf8() })

export const topics = defineTopics({
  quotes: feed('binance', [Quote, Trade]),
  orders: ordersOut('*', [NewOrder, Cancel]),
  fills: ordersIn('*', [Fill]),
  audit: queue('audit/trail', [Entry]),
})

export const SMALL = { writer: { segmentSize: 64 * 1024 } } as const
