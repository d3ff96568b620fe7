import type { ResolvedWriterOptions } from './writer-options.js'

/** An option that the existing queue contradicts, and what holds instead. No reason to refuse the open. */
export interface WriterNote {
  /** The option's name. */
  readonly option: string
  readonly given: number | string | boolean
  /** What the queue has. */
  readonly actual: number | string | boolean
  /** A sentence for people. */
  readonly text: string
}

export function writerNotes(options: ResolvedWriterOptions, queue: { segmentSize: number; nextSequence: number }): WriterNote[] {
  const notes: WriterNote[] = []
  const { segmentSize, nextSequence } = queue
  const given = options.segmentSizeGiven
  if (given !== undefined && given !== segmentSize) {
    const text = `The queue exists and keeps its segments of ${segmentSize} bytes; segmentSize=${given} has no effect.`
    notes.push({ option: 'segmentSize', given, actual: segmentSize, text })
  }
  // One that is higher holds what was appended since the queue was created.
  if (nextSequence < options.firstSequence) {
    const text = `The queue exists and continues at sequence ${nextSequence}; firstSequence=${options.firstSequence} has no effect.`
    notes.push({ option: 'firstSequence', given: options.firstSequence, actual: nextSequence, text })
  }
  return notes
}
