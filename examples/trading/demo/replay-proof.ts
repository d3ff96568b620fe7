import { createHash, type Hash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BusLayout } from '@chronicle-ts/bus'
import { type MessageSource, openObserver } from '@chronicle-ts/core'
import { openReplay, type Replay, type ReplayHandler } from '@chronicle-ts/replay'
import { openTypedObserver, openTypedWriter } from '@chronicle-ts/typed'
import { NewOrder, ORDERS_SEGMENT_SIZE } from '../order-messages.js'
import { MarketView } from '../strategy/market-view.js'
import { OrderDesk } from '../strategy/order-desk.js'

/** A strategy, and what it traded on. */
export interface ReplayedStrategy {
  readonly name: string
  /** See `MidCrossingSignal`. */
  readonly span: number
  /** Feeds that it has read to the end. */
  readonly venues: readonly string[]
}

/** What a replay made of the market data of a strategy, beside what the strategy made of it. */
export interface ReplayProof {
  readonly strategy: string
  /** The orders that the replay made. */
  readonly directory: string
  readonly orders: number
  readonly replayed: number
  /** Orders that differ in type, version or any byte, and those that only one side has. */
  readonly differences: number
  /** SHA-256 of the replayed orders. */
  readonly digest: string
}

/**
 * Replays the recorded feeds of a strategy through its view and its desk, into a queue of its own, and compares the orders byte by byte.
 *
 * A decision depends on the frames of its venue, in their order. In which order the frames of two venues met in the live strategy depended on when they came, and gave the
 * orders their ids. It is an input of the replay, too, and the live orders say it. The replay of a venue is taken forward to the frame that an order names, and there the same
 * order must come.
 *
 * @throws what reading a feed or the orders throws
 */
export async function proveReplay(layout: BusLayout, strategy: ReplayedStrategy): Promise<ReplayProof> {
  const { name } = strategy
  const directory = join(layout.root, 'replays', name)
  const live = layout.strategy(name).ordersOut
  rmSync(directory, { recursive: true, force: true })
  const view = new MarketView(strategy.span)
  using orders = openTypedWriter(directory, [NewOrder], { segmentSize: ORDERS_SEGMENT_SIZE })
  const desk = new OrderDesk(name, orders, { lastOrderId: 0, lastMarketSequences: new Map() })
  const replays = new Map<string, Replay>()
  for (const venue of strategy.venues) {
    const handler: ReplayHandler = ({ key, message }) => {
      const decision = view.observe(key, message.payload)
      if (decision !== undefined) desk.place(decision, message)
    }
    replays.set(venue, openReplay({ sources: { [venue]: layout.feed(venue).directory }, handler }))
  }
  try {
    await replayInOrderOf(live, replays)
  } finally {
    for (const replay of replays.values()) replay.close()
  }
  return { strategy: name, directory, ...compareOrders(live, directory) }
}

/** Takes the replay of a venue forward to the frame that an order names, order by order, and all replays to their ends then. */
async function replayInOrderOf(live: string, replays: ReadonlyMap<string, Replay>): Promise<void> {
  using orders = openTypedObserver(live, [NewOrder], { start: 'earliest', onBadMessage: 'skip' })
  for (let order = orders.next(); order !== undefined; order = orders.next()) {
    const { venue, marketSequence } = order.body
    const replay = replays.get(venue)
    await replay?.step(Math.max(0, marketSequence + 1 - replay.messages))
  }
  for (const replay of replays.values()) await replay.run()
}

/** Reads both queues side by side. */
function compareOrders(live: string, replayed: string): Pick<ReplayProof, 'orders' | 'replayed' | 'differences' | 'digest'> {
  using expected = openObserver(live)
  using found = openObserver(replayed)
  const hash = createHash('sha256')
  const counts = { orders: 0, replayed: 0, differences: 0 }
  for (;;) {
    const ofLive = orderOf(expected)
    const ofReplay = orderOf(found, hash)
    if (ofLive === undefined && ofReplay === undefined) return { ...counts, digest: hash.digest('hex') }
    if (ofLive !== undefined) counts.orders++
    if (ofReplay !== undefined) counts.replayed++
    if (ofLive === undefined || ofReplay === undefined || !ofLive.equals(ofReplay)) counts.differences++
  }
}

/** Type, version and payload of the next message. When it was appended is the machine's business. */
function orderOf(orders: MessageSource, hash?: Hash): Buffer | undefined {
  const message = orders.next()
  if (message === undefined) return undefined
  const { typeId, schemaVersion, payload } = message
  hash?.update(payload)
  return Buffer.concat([Buffer.from([typeId & 0xff, typeId >> 8, schemaVersion]), payload])
}
