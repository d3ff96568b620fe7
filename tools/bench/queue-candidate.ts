import { openObserver, openWriter, type QueueWriter, type WriterOptions } from '@chronicle-ts/core'
import type { Candidate } from './candidate.js'

export interface QueueCandidateOptions {
  readonly name: string
  readonly directory: string
  readonly operationsPerCall?: number
  readonly writerOptions?: WriterOptions
  readonly payloadLength: number
  /** One call: appends {@link operationsPerCall} messages. */
  readonly run: (writer: QueueWriter) => void
}

/** A candidate that appends to a queue of its own, and afterwards reads every message back. */
export function queueCandidate(options: QueueCandidateOptions): Candidate {
  const { name, directory, run, operationsPerCall = 1 } = options
  const writer = openWriter(directory, options.writerOptions)
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
