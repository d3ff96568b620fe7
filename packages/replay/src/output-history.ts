import { isQueueError, type Message, openObserver, type Position, type QueueObserver } from '@chronicle-ts/core'
import type { OutputHints } from './output-hints.js'

/** What an output is compared by. */
export interface OutputPrint {
  readonly typeId: number
  readonly length: number
  readonly payloadCrc: number
}

/** The last input of a source that has outputs, and those of them that are in the output queue. */
export interface LastInput {
  readonly sequence: number
  readonly epoch: number
  /** Whether all of its outputs are there. */
  isFinished: boolean
  /** By output index. Empty slots where retention deleted the first of them. */
  readonly outputs: OutputPrint[]
  /** Where they begin. */
  readonly position: Position
}

/** What the output shows about its sources. */
export interface OutputHistory {
  /** By id of the source. */
  readonly lastInputs: ReadonlyMap<number, LastInput>
  /** Sequence of the first message that is still there; `undefined` when there is none. */
  readonly firstSequence: number | undefined
}

/**
 * Finds the last input of each source: at the hints, and in what follows the place up to which these were saved. Where a hint does not fit the records, as after a power cut,
 * the whole queue is looked through.
 */
export function readOutputHistory(directory: string, hints: OutputHints | undefined): OutputHistory {
  using output = openObserver(directory)
  const firstSequence = output.peek()?.sequence
  const hinted = hints === undefined ? undefined : readFromHints(output, hints)
  if (hinted !== undefined) return { lastInputs: hinted, firstSequence }
  output.seek('earliest')
  const lastInputs = new Map<number, LastInput>()
  readOn(output, lastInputs)
  return { lastInputs, firstSequence }
}

function readFromHints(output: QueueObserver, hints: OutputHints): Map<number, LastInput> | undefined {
  const lastInputs = new Map<number, LastInput>()
  try {
    for (const [id, position] of hints.bySource) if (!readInputAt(output, { id, position }, lastInputs)) return undefined
    output.seek(hints.lookFrom)
    readOn(output, lastInputs)
    return lastInputs
  } catch (error) {
    // The place is gone, or no record begins there.
    if (isQueueError(error)) return undefined
    throw error
  }
}

/** Reads the outputs of one input. @returns false when there is not one of this source. */
function readInputAt(
  output: QueueObserver,
  hint: { readonly id: number; readonly position: Position },
  lastInputs: Map<number, LastInput>,
): boolean {
  output.seek(hint.position)
  for (let message = output.next(); message !== undefined; message = output.next()) {
    const { source } = message
    const sequence = lastInputs.get(hint.id)?.sequence ?? source?.sourceSequence
    if (source?.sourceId !== hint.id || source.sourceSequence !== sequence) break
    note(message, lastInputs)
  }
  return lastInputs.has(hint.id)
}

function readOn(output: QueueObserver, lastInputs: Map<number, LastInput>): void {
  for (let message = output.next(); message !== undefined; message = output.next()) note(message, lastInputs)
}

function note(message: Message, lastInputs: Map<number, LastInput>): void {
  const { source, typeId, length, payloadCrc, segmentId, offset } = message
  if (source === undefined) return
  const print = { typeId, length, payloadCrc }
  const last = lastInputs.get(source.sourceId)
  // The first output of an input begins again: the hints and the look that follows them may read the same records.
  if (last?.sequence === source.sourceSequence && source.outputIndex > 0) {
    last.outputs[source.outputIndex] = print
    last.isFinished = source.isLastOutput
    return
  }
  const outputs: OutputPrint[] = []
  outputs[source.outputIndex] = print
  lastInputs.set(source.sourceId, {
    sequence: source.sourceSequence,
    epoch: source.sourceEpoch,
    isFinished: source.isLastOutput,
    outputs,
    position: { segmentId, offset },
  })
}
