import type { WriterOptions } from '@chronicle-ts/core'

export const KEPT_SEGMENTS = 8

/** Keeps the newest updates only: whoever comes late cannot begin at the beginning. */
export const UPDATES_QUEUE: WriterOptions = { segmentSize: 16 * 1024, retention: { maxSegments: KEPT_SEGMENTS } }

/** Only the last snapshot matters. */
export const SNAPSHOTS_QUEUE: WriterOptions = { segmentSize: 16 * 1024, retention: { maxSegments: 2 } }
