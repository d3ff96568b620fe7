import type { MessageCopy } from '@chronicle-ts/core'
import { openProcessor, openReplay } from '@chronicle-ts/replay'
import { enumOf, f64, list, message, u16, utf8 } from '@chronicle-ts/schema'
import { ManualClock, memoryBus, memoryQueue, scenario } from '@chronicle-ts/testing'

/*
 * Compiled, never run: every line that should be refused must be, or the compiler complains about the directive above it.
 */

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const expectTrue = <_T extends true>(): void => undefined

export const Quote = message('Quote', 1, { bid: f64(), side: enumOf({ buy: 0, sell: 1 }) }).since(2, { venue: u16() })
export const Depth = message('Depth', 2, { bids: list({ price: f64() }), note: utf8() })

// With types.
using queue = memoryQueue({ types: [Quote, Depth], segmentSize: 65_536 })
queue.writer.write(Quote, (quote) => {
  quote.bid = 1
  // @ts-expect-error a name that the schema does not have
  quote.bidd = 1
})
// @ts-expect-error not one of the types of the queue
queue.writer.append(message('Other', 9, { x: u16() }), { x: 1 })
for (const drained of queue.drain()) {
  if (drained.type === 'Quote') {
    expectTrue<Equal<typeof drained.body.side, 'buy' | 'sell'>>()
    expectTrue<Equal<typeof drained.body.venue, number | undefined>>()
  } else {
    expectTrue<Equal<typeof drained.body.bids, { price: number }[]>>()
    // @ts-expect-error Depth has no bid
    drained.body.bid
  }
  // @ts-expect-error not one of the types
  if (drained.type === 'Trade') drained
}
queue.reader('strategy', { where: (body) => 'bid' in body && body.bid > 0 })
// @ts-expect-error a name that no type has
queue.observer({ where: (body) => body.bidd > 0 })
// @ts-expect-error the option is called types
memoryQueue({ type: [Quote] })

// Without.
using plain = memoryQueue()
expectTrue<Equal<ReturnType<typeof plain.drain>, MessageCopy[]>>()
plain.writer.append(1, Buffer.from('x'))
// @ts-expect-error without types there are no fields
plain.writer.write(Quote, () => undefined)

// Clock, bus and scenario.
const clock = new ManualClock(0n)
clock.advance({ ms: 500, s: 1, ns: 1n })
// @ts-expect-error a unit that does not exist
clock.advance({ minutes: 5 })
// @ts-expect-error nanoseconds are a bigint
clock.advance({ ns: 5 })
memoryBus().strategy('momentum').ordersOut.append(1, Buffer.from('x'))
export const golden = scenario(
  'in',
  (input, { emit, clock: time }) => emit(2, input.payload, { timestampNs: time.nowNs() }),
  'out',
)
// @ts-expect-error the time is a bigint
scenario('in', (input, { emit }) => emit(2, input.payload, { timestampNs: 5 }), 'out')

// Replay and processing.
export async function follow(): Promise<void> {
  using replay = openReplay({ sources: { quotes: plain.directory }, from: { timestampNs: 1n }, speed: 60 })
  expectTrue<Equal<ReturnType<typeof replay.clock.nowNs>, bigint>>()
  await replay.run(({ key, message: received }) => {
    expectTrue<Equal<typeof key, string>>()
    expectTrue<Equal<typeof received.sequence, number>>()
  })
  // @ts-expect-error a time is a bigint
  await replay.until({ timestampNs: 5 })
  // @ts-expect-error a replay begins at a time or at a sequence, by one of their names
  openReplay({ sources: { quotes: plain.directory }, from: { at: 1n } })
  using processor = openProcessor({ inputs: { quotes: plain.directory }, output: plain.writer })
  for await (const { message: input } of processor.messages()) processor.emit(1, input.payload, { schemaVersion: 1 })
  // @ts-expect-error a typed writer is not the queue's own
  openProcessor({ inputs: {}, output: queue.writer })
  for await (const item of plain.reader('r').follow()) {
    if (item.kind === 'caught-up') expectTrue<Equal<typeof item.sequence, number>>()
    else expectTrue<Equal<typeof item.live, boolean>>()
  }
}
