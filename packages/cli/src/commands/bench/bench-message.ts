/**
 * What a message of the benchmark says, so that the reader can determine how old it is and whether it is the one that must come now. The rest of the payload is zero.
 *
 * ```text
 *    0  dueNs   float64, CLOCK_MONOTONIC: when the message had to be sent
 *    8  sentNs  float64: when append was called
 *   16  index   float64, from 0 on
 * ```
 */
export const DUE_NS_OFFSET = 0
export const SENT_NS_OFFSET = 8
export const INDEX_OFFSET = 16

/** The shortest payload that holds all of it. */
export const PAYLOAD_LENGTH_MIN = 24
