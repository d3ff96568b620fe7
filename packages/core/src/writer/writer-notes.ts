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

export function writerNotes(options: ResolvedWriterOptions, segmentSize: number): WriterNote[] {
  const given = options.segmentSizeGiven
  if (given === undefined || given === segmentSize) return []
  const text = `The queue exists and keeps its segments of ${segmentSize} bytes; segmentSize=${given} has no effect.`
  return [{ option: 'segmentSize', given, actual: segmentSize, text }]
}
