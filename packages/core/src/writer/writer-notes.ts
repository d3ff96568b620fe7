import { statSync } from 'node:fs'
import { CONTROL_FILE } from '../format/index.js'
import type { OpenedQueue } from './opened-queue.js'
import type { ResolvedWriterOptions } from './writer-options.js'

/** An option that the existing queue contradicts, and what holds instead; or one that has no effect beside the other options. No reason to refuse the open. */
export interface WriterNote {
  /** The option's name. */
  readonly option: string
  readonly given: number | string | boolean
  /** What the queue has; 'no effect' for an option that does nothing beside the others. */
  readonly actual: number | string | boolean
  /** A sentence for people. */
  readonly text: string
}

/** What an existing queue has of what options ask for. */
export interface ExistingQueue {
  readonly segmentSize: number
  readonly nextSequence: number
  /** A writer before this one kept the additions to the base format. */
  readonly hasExtensions: boolean
  /** Permissions of the control block's file. */
  readonly mode: number
}

export function existingQueue({ directory, control, tail }: OpenedQueue): ExistingQueue {
  return {
    segmentSize: control.segmentSize,
    nextSequence: tail.nextSequence,
    hasExtensions: control.hasHadExtensions(),
    mode: modeOf(directory.at(CONTROL_FILE)),
  }
}

/** Permissions of a file; 0 where they cannot be read: the open does not fail because of a note. */
function modeOf(path: string): number {
  try {
    return statSync(path).mode & 0o777
  } catch {
    return 0
  }
}

/** A new queue has what was asked for. */
export function writerNotes(options: ResolvedWriterOptions, queue: ExistingQueue): WriterNote[] {
  const notes: WriterNote[] = []
  const { segmentSize, nextSequence } = queue
  const given = options.given.segmentSize
  if (given !== undefined && given !== segmentSize) {
    const text = `The queue exists and keeps its segments of ${segmentSize} bytes; segmentSize=${given} has no effect.`
    notes.push({ option: 'segmentSize', given, actual: segmentSize, text })
  }
  // One that is higher holds what was appended since the queue was created.
  if (nextSequence < options.firstSequence) {
    const text = `The queue exists and continues at sequence ${nextSequence}; firstSequence=${options.firstSequence} has no effect.`
    notes.push({ option: 'firstSequence', given: options.firstSequence, actual: nextSequence, text })
  }
  if (queue.hasExtensions && !options.extensions) {
    const text =
      'The queue exists and was written with extensions; with extensions=false its readers have no durable mark until a writer keeps them again.'
    notes.push({ option: 'extensions', given: false, actual: true, text })
  }
  // One that is stricter may be the work of umask.
  if ((queue.mode & ~options.mode) !== 0) {
    const [had, asked] = [queue.mode, options.mode].map((mode) => `0o${mode.toString(8)}`)
    const text = `The queue exists and its files keep their permissions ${had}; mode=${asked} holds for new files only.`
    notes.push({ option: 'mode', given: options.mode, actual: queue.mode, text })
  }
  return notes
}
