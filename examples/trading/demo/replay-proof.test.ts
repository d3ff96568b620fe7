import { BusLayout, openFeedWriter } from '@chronicle-ts/bus'
import { openTypedWriter } from '@chronicle-ts/typed'
import { beforeEach, describe, expect, it } from 'vitest'
import { messagesOf, temporaryFolder } from '../../test/queue-fixtures.js'
import { NewOrder } from '../order-messages.js'
import { MarketView } from '../strategy/market-view.js'
import { OrderDesk } from '../strategy/order-desk.js'
import { readOrderHistory } from '../strategy/order-history.js'
import { proveReplay } from './replay-proof.js'

const STRATEGY = { name: 'alpha', span: 3, venues: ['a', 'b'] } as const
const FRAMES = 60

let layout: BusLayout
beforeEach(() => {
  layout = new BusLayout(temporaryFolder())
  for (const [at, venue] of STRATEGY.venues.entries()) {
    using feed = openFeedWriter(layout, venue, { segmentSize: 64 * 1024 })
    for (let index = 0; index < FRAMES; index++)
      feed.append(1, Buffer.from(frame(100 + (index % (5 + at)) * (index % 3))), { timestampNs: BigInt(1000 + index) })
  }
})

const frame = (price: number): string => `{"e":"bookTicker","s":"X","b":"${price}","B":"1","a":"${price + 1}","A":"9"}`

/** Trades on the feeds as a live strategy does that is restarted once, taking from the venues in the order that `takes` says. */
function tradeLive(takes: readonly string[], spoil: (order: { price: number; sentNs: bigint }) => void = () => undefined): void {
  const frames = new Map<string, { sequence: number; timestampNs: bigint; payload: Buffer }[]>(
    STRATEGY.venues.map((venue) => [
      venue,
      messagesOf(layout.feed(venue).directory, ({ sequence, timestampNs, payload }) => ({ sequence, timestampNs, payload })),
    ]),
  )
  const { ordersOut } = layout.createStrategy(STRATEGY.name)
  const view = new MarketView(STRATEGY.span)
  const half = Math.floor(takes.length / 2)
  for (const life of [takes.slice(0, half), takes.slice(half)]) {
    using orders = openTypedWriter(ordersOut, [NewOrder], { segmentSize: 64 * 1024 })
    const desk = new OrderDesk(STRATEGY.name, orders, readOrderHistory(ordersOut))
    for (const venue of life) {
      const next = frames.get(venue)?.shift()
      const decision = next && view.observe(venue, next.payload)
      if (next !== undefined && decision !== undefined) {
        const order = { price: decision.price, sentNs: next.timestampNs }
        spoil(order)
        desk.place({ ...decision, price: order.price }, { sequence: next.sequence, timestampNs: order.sentNs })
      }
    }
  }
}

const inTurns: readonly string[] = Array.from({ length: FRAMES }, () => STRATEGY.venues).flat()
const oneAfterTheOther: readonly string[] = STRATEGY.venues.flatMap((venue) => Array.from({ length: FRAMES }, () => venue))

describe('the replay of a strategy', () => {
  it.each([
    ['in turns', inTurns],
    ['one after the other', oneAfterTheOther],
  ])('makes the same bytes when the venues came %s, and in every replay', async (_, takes) => {
    tradeLive(takes)
    const proof = await proveReplay(layout, STRATEGY)
    expect(proof).toMatchObject({ strategy: 'alpha', differences: 0 })
    expect([proof.orders > 10, proof.replayed]).toEqual([true, proof.orders])
    expect(await proveReplay(layout, STRATEGY)).toEqual(proof)
  })

  it('differs from a strategy that put the time of the machine into its orders', async () => {
    tradeLive(inTurns, (order) => {
      order.sentNs = process.hrtime.bigint()
    })
    const { orders, replayed, differences } = await proveReplay(layout, STRATEGY)
    expect([replayed, differences]).toEqual([orders, orders])
  })

  it('finds one order that is another one, and orders that were not sent', async () => {
    let count = 0
    tradeLive(inTurns, (order) => {
      if (++count === 5) order.price += 1
    })
    expect((await proveReplay(layout, STRATEGY)).differences).toBe(1)
    tradeLive([])
    const complete = await proveReplay(layout, STRATEGY)
    using feed = openFeedWriter(layout, 'a', { segmentSize: 64 * 1024 })
    for (const price of [90, 200, 80, 300]) feed.append(1, Buffer.from(frame(price)))
    const { orders, replayed, differences } = await proveReplay(layout, STRATEGY)
    expect(orders).toBe(complete.orders)
    expect(replayed).toBeGreaterThan(orders)
    expect(differences).toBe(1 + replayed - orders)
  })
})
