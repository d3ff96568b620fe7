import { NotAQueueError } from '@chronicle-ts/core'
import { inspectState, type QueueInspection, type QueueState, type ReaderInspection } from '@chronicle-ts/inspect'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../error-report.js'
import { interruptible } from '../../interruptible.js'
import { toJsonReport } from '../../output/json.js'
import { exitCodeOfSeverity, worseSeverity } from '../../output/states.js'
import { renderReaders } from '../inspect/render-inspection.js'

/** Prints the registered readers of a queue, worst first. */
export function listReadersOf({ output, json }: CommandContext, queue: string): number {
  const looked = lookAt(queue)
  const { readers } = looked.inspection
  if (json) output.line(toJsonReport('readers', { queue, readers: readers.map((reader) => withState(reader, looked.state)) }))
  else if (readers.length === 0) output.line('no reader is registered')
  else output.lines(renderReaders(looked, output))
  return exitCode(looked.state)
}

/** Prints one registered reader. @throws UsageError when there is none of that name. */
export function showReader({ output, json }: CommandContext, queue: string, name: string): number {
  const { inspection, state } = lookAt(queue)
  const reader = readerOf(inspection, name)
  const own = { ...state, readers: state.readers.filter((candidate) => candidate.name === name) }
  if (json) output.line(toJsonReport('readers', { queue, reader: withState(reader, state) }))
  else output.lines(renderReaders({ inspection: { ...inspection, readers: [reader] }, state: own }, output))
  return exitCode(own)
}

/** One registered reader. @throws UsageError when there is none of that name. */
export function findReader(queue: string, name: string): ReaderInspection {
  return readerOf(lookAt(queue).inspection, name)
}

function readerOf({ directory, readers }: QueueInspection, name: string): ReaderInspection {
  const reader = readers.find((candidate) => candidate.name === name)
  if (reader === undefined) throw new UsageError(`no reader of the name ${name} is registered in ${directory}`)
  return reader
}

function lookAt(queue: string): { inspection: QueueInspection; state: QueueState } {
  const looked = interruptible(() => inspectState(queue, { segmentLimit: 2 }))
  if (!looked.inspection.isQueue)
    throw new NotAQueueError({ directory: queue, detail: 'it holds neither a control block nor a segment' })
  return looked
}

function withState(reader: ReaderInspection, { readers }: QueueState): object {
  return { ...reader, state: readers.find(({ name }) => name === reader.name) }
}

/** Of the readers alone: what else is wrong with the queue is not asked here. */
function exitCode({ readers }: QueueState): number {
  return exitCodeOfSeverity(readers.reduce<QueueState['severity']>((worst, { severity }) => worseSeverity(worst, severity), 'ok'))
}
