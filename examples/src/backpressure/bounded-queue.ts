import type { WriterOptions } from '@chronicle-ts/core'
import { ORDER_LENGTH } from '../trading/order-layout.js'

const SEGMENT_SIZE = 16 * 1024
const MAX_SEGMENTS = 4
const SEGMENT_HEADER_LENGTH = 64
/** Header and payload, on a 64-byte boundary. */
const RECORD_LENGTH = Math.ceil((64 + ORDER_LENGTH) / 64) * 64

/**
 * A queue with a limit. Its segments are deleted once every registered reader has committed past them, and while there are as many as allowed, an append
 * that needs one more waits for that: `block`. (With `fail` it throws `ERR_QUEUE_FULL`, and `tryAppend` answers `full`.)
 */
export const BOUNDED_QUEUE: WriterOptions = {
  segmentSize: SEGMENT_SIZE,
  maxSegments: MAX_SEGMENTS,
  retention: { consumed: true },
  backpressure: 'block',
  backpressureTimeoutMs: 60_000,
}

/** Orders that the queue can hold at most. */
export const QUEUE_CAPACITY = MAX_SEGMENTS * Math.floor((SEGMENT_SIZE - SEGMENT_HEADER_LENGTH) / RECORD_LENGTH)

/** Name of the consumer's reader. It is what the writer waits for. */
export const CONSUMER = 'consumer'
