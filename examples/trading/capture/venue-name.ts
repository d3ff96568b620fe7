import { basename } from 'node:path'

const KNOWN_ENDINGS = /(\.(gz|txt|ws|json|ndjson|jsonl|log|raw|capture))+$/i
/** A recording date and what follows it: `-2021-04-17`, `_20210417T1200`. */
const DATE_ENDING = /[-_.]?\d{4}[-_.]?\d{2}[-_.]?\d{2}.*$/
/** Room for a venue's name in an order, see `trading/order-messages.ts`. */
const MAX_VENUE_LENGTH = 32

/**
 * The venue that a capture file was recorded from: its name without endings and recording date, in the characters that a queue's name may have.
 *
 * `coinbase-2021-04-17.ws.txt.gz` gives `coinbase`, `binance-futures-2021-07-22.ws.txt.gz` gives `binance-futures`.
 */
export function venueName(path: string): string {
  const name = basename(path).replace(KNOWN_ENDINGS, '')
  const undated = name.replace(DATE_ENDING, '')
  return toQueueName(undated) || toQueueName(name) || 'feed'
}

function toQueueName(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+/, '')
    .slice(0, MAX_VENUE_LENGTH)
    .replace(/[-.]+$/, '')
}
