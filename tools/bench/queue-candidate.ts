import { openObserver, openWriter, type QueueWriter, type WriterOptions } from '@chronicle-ts/core'
import type { Candidate } from './candidate.js'
import { settle } from './settle.js'

/** The head alone has room for more than a round appends: once it is left, the segment after the next is prepared, and that disturbs. */
const PREPARED_BYTES_PER_SECOND = 10 * 1024 ** 3

export interface QueueCandidateOptions {
  readonly name: string
  readonly directory: string
  /** How long it will be measured: what is appended in that time goes into segments that are prepared. */
  readonly seconds: number
  readonly operationsPerCall?: number
  readonly writerOptions?: WriterOptions
  readonly payloadLength: number
  /** One call: appends {@link operationsPerCall} messages. */
  readonly run: (writer: QueueWriter) => void
}

/**
 * A candidate that appends to a queue of its own, and afterwards reads every message back. Head and next segment are populated before it is measured: what fresh
 * memory costs is the business of the sustained run.
 */
export function queueCandidate(options: QueueCandidateOptions): Candidate {
  const { name, directory, run, operationsPerCall = 1 } = options
  const segmentSize = Math.ceil((options.seconds * PREPARED_BYTES_PER_SECOND) / 4096) * 4096
  const writer = openWriter(directory, { ...options.writerOptions, segmentSize })
  settle()
  return {
    name,
    operationsPerCall,
    run: () => run(writer),
    verify: (calls) => verifyQueue(directory, calls * operationsPerCall, options.payloadLength),
    close: () => writer.close(),
  }
}

/** Reads the whole queue (which checks every checksum) and compares count, sequences and lengths. */
export function verifyQueue(directory: string, count: number, payloadLength: number): void {
  const observer = openObserver(directory, { start: 'earliest' })
  try {
    let expected = 0
    for (let message = observer.next(); message !== undefined; message = observer.next()) {
      if (message.sequence !== expected) throw new Error(`sequence ${message.sequence} instead of ${expected} in ${directory}`)
      if (message.length !== payloadLength) throw new Error(`length ${message.length} instead of ${payloadLength}`)
      expected++
    }
    if (expected !== count) throw new Error(`${expected} messages instead of ${count} in ${directory}`)
  } finally {
    observer.close()
  }
}
