import { join } from 'node:path'
import type { BusLayout } from '@chronicle-ts/bus'

/** The two queues of a feed. */
export interface FeedQueuePaths {
  readonly frames: string
  readonly sendNotes: string
}

/** Send notes stand beside the bus's market data and not in it, so that nobody takes them for a feed. */
export function feedQueuePaths(layout: BusLayout, venue: string): FeedQueuePaths {
  return { frames: layout.feed(venue).directory, sendNotes: join(layout.root, 'market_data', 'send_notes', venue) }
}
