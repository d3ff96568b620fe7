import {
  type BodyOf,
  createDecoder,
  type Decimal,
  type DecimalWriter,
  type Flags,
  type List,
  type Matrix,
  type MessageInput,
  type MessageSizes,
  type MessageValue,
  type Quantized,
  type WriteBodyOf,
} from '@chronicle-ts/schema'
import { Depth, Everything, Quote } from './messages.js'

/*
 * Compiled, never run: every line that should be refused must be, or the compiler complains about the directive above it.
 */

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const expectTrue = <_T extends true>(): void => undefined

// What is read.
type QuoteBody = BodyOf<typeof Quote>
expectTrue<Equal<QuoteBody['bid'], number>>()
expectTrue<Equal<QuoteBody['tsEvent'], bigint>>()
expectTrue<Equal<QuoteBody['side'], 'buy' | 'sell'>>()
expectTrue<Equal<QuoteBody['symbol'], string>>()
expectTrue<Equal<QuoteBody['price'], Decimal>>()
// A field of a later version can be absent.
expectTrue<Equal<QuoteBody['venue'], number | undefined>>()

type DepthBody = BodyOf<typeof Depth>
expectTrue<Equal<DepthBody['weights'], Float64Array>>()
expectTrue<Equal<DepthBody['cov'], Matrix<Float64Array>>>()
expectTrue<Equal<DepthBody['note'], string>>()
expectTrue<Equal<ReturnType<DepthBody['bids']['at']>['price'], number>>()

type EverythingBody = BodyOf<typeof Everything>
expectTrue<Equal<EverythingBody['wide'], bigint>>()
expectTrue<Equal<EverythingBody['narrow'], number>>()
expectTrue<Equal<EverythingBody['maybe'], number | undefined>>()
expectTrue<Equal<EverythingBody['maybeText'], string | undefined>>()
expectTrue<Equal<EverythingBody['flag'], boolean>>()
expectTrue<Equal<EverythingBody['extras'], Flags<'sunRoof' | 'sportsPack'>>>()
expectTrue<Equal<EverythingBody['embedding'], Quantized>>()
expectTrue<Equal<EverythingBody['big'], BigUint64Array>>()

declare const quote: QuoteBody
// @ts-expect-error a name that the schema does not have
quote.bidd
// @ts-expect-error what is read cannot be set
quote.bid = 1
// @ts-expect-error a decimal that is read cannot be set
quote.price.set(1n)

// What is written.
type QuoteWrite = WriteBodyOf<typeof Quote>
expectTrue<Equal<QuoteWrite['price'], DecimalWriter>>()
declare const draft: QuoteWrite
draft.bid = 60123.5
draft.side = 'buy'
draft.venue = undefined
draft.price.set(60123_500000000n)
// @ts-expect-error not a member of the enum
draft.side = 'bought'
// @ts-expect-error a bigint is needed
draft.tsEvent = 5

declare const depthDraft: WriteBodyOf<typeof Depth>
depthDraft.bids.at(0).price = 1
depthDraft.note = 'text'
// @ts-expect-error an item has no such field
depthDraft.bids.at(0).prise = 1

// Sizes are asked of the variable parts only.
expectTrue<Equal<keyof MessageSizes<typeof Depth>, 'bids' | 'weights' | 'cov' | 'note'>>()
expectTrue<Equal<keyof MessageSizes<typeof Quote>, never>>()
Depth.writer().length({ bids: 20, weights: 3, note: 40 })
// @ts-expect-error tsEvent is in the block
Depth.writer().length({ tsEvent: 1 })

// Plain values: what can be absent is optional.
const input: MessageInput<typeof Quote> = {
  tsEvent: 1n,
  price: '1.5',
  instrumentId: 1,
  side: 'sell',
  bid: 1,
  ask: 2,
  symbol: 'BTC',
}
Quote.encode(input)
Quote.encode({ ...input, venue: 7, price: 15n })
// @ts-expect-error ask is missing
Quote.encode({ tsEvent: 1n, price: 1n, instrumentId: 1, side: 'sell', bid: 1, symbol: 'BTC' })
// @ts-expect-error a name that the schema does not have
Quote.encode({ ...input, venu: 7 })
expectTrue<Equal<MessageValue<typeof Quote>['price'], string>>()
expectTrue<Equal<MessageValue<typeof Depth>['bids'], { price: number; size: number }[]>>()

// One of several types: the type narrows the body.
const decoder = createDecoder([Quote, Depth])
declare const view: DataView
const received = decoder.decode({ typeId: 1 }, view, 0, 0)
if (received?.type === 'Quote') {
  expectTrue<Equal<typeof received.body, QuoteBody>>()
} else if (received !== undefined) {
  expectTrue<Equal<typeof received.body.bids, List<DepthBody['bids'] extends List<infer Item> ? Item : never>>>()
  // @ts-expect-error Depth has no bid
  received.body.bid
}
// @ts-expect-error not one of the types
if (received?.type === 'Trade') received

// The builder itself.
// @ts-expect-error a version is a number
Quote.since('3', {})
// @ts-expect-error not a type of elements
Everything.since(2, { more: vectorOf('f128') })
declare function vectorOf(element: 'f64'): never
declare const all: EverythingBody
all.extras.has('sunRoof')
// @ts-expect-error not a flag of this set
all.extras.has('sunroof')
