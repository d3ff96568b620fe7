import { join } from 'node:path'
import type { BusLayout } from '@chronicle-ts/bus'

/** Where a feed's send notes are: beside the bus's market data and not in it, so that no program takes them for a feed. */
export function sendNotesDirectory(layout: BusLayout, venue: string): string {
  return join(layout.root, 'market_data', 'send_notes', venue)
}
