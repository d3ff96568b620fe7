import type { MEASURE } from '../resources/memory-sample.js'

/** What the writer says when it is done. */
export interface WriterReport {
  readonly count: number
  readonly digest: string
  readonly rolls: number
  readonly segmentsDeleted: number
  /** Readers that retention let go; a soak in which that happens has lost messages. */
  readonly readersReleased: number
}

/** What a reader says when it has read everything. */
export interface ReaderReport {
  readonly count: number
  readonly digest: string
  /** Times that it was opened again. */
  readonly restarts: number
  /** From the append to the reader's hands. */
  readonly latencyNs: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number }
}

/** Director to writer. */
export type WriterCommand = 'begin' | 'end' | typeof MEASURE

/** Director to reader: how many messages there are in all. */
export type ReaderCommand = { readonly total: number } | typeof MEASURE
