import { NotAQueueError } from '@chronicle-ts/core'
import { inspectState, type QueueInspection, type QueueState, type ReaderInspection } from '@chronicle-ts/inspect'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../error-report.js'
import { EXIT_HEALTHY, worseExitCode } from '../../exit-codes.js'
import { interruptible } from '../../interruptible.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { exitCodeOfSeverity, worseSeverity } from '../../output/states.js'
import { renderReaders } from '../inspect/render-inspection.js'

/** Prints the registered readers of queues, worst first; with several queues under the name of each. */
export function listReadersOf({ output, json }: CommandContext, queues: readonly string[]): number {
  const looks = queues.map(lookAt)
  const listed = looks.map(({ inspection, state }) => ({
    queue: inspection.directory,
    readers: inspection.readers.map((reader) => withState(reader, state)),
  }))
  if (json) output.line(toJsonReport('readers', listed.length === 1 ? { ...listed[0] } : { queues: listed }))
  else {
    for (const looked of looks) {
      if (looks.length > 1) output.line(output.palette.heading(printable(looked.inspection.directory)))
      if (looked.inspection.readers.length === 0) output.line('no reader is registered')
      else output.lines(renderReaders(looked, output))
    }
  }
  return looks.reduce((worst, { state }) => worseExitCode(worst, exitCode(state)), EXIT_HEALTHY)
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
