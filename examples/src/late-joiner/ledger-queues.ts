import type { WriterOptions } from '@chronicle-ts/core'

/** Keeps the newest updates only: whoever comes late cannot begin at the beginning. */
export const UPDATES_QUEUE: WriterOptions = { segmentSize: 16 * 1024, retention: { maxSegments: 8 } }

/** Only the last snapshot matters. */
export const SNAPSHOTS_QUEUE: WriterOptions = { segmentSize: 16 * 1024, retention: { maxSegments: 2 } }
