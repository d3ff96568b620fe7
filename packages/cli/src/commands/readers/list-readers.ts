import { NotAQueueError } from '@chronicle-ts/core'
import { READERS_DIRECTORY } from '@chronicle-ts/core/internal'
import { inspectState, type QueueInspection, type QueueState, type ReaderInspection } from '@chronicle-ts/inspect'
import type { CommandContext } from '../../command-context.js'
import { InterruptedError, UsageError } from '../../command-error.js'
import { exitCodeOfError, messageOfError } from '../../error-report.js'
import { EXIT_HEALTHY, EXIT_WARNING, worseExitCode } from '../../exit-codes.js'
import { interruptible, takeTurn } from '../../interruptible.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { exitCodeOfSeverity, worseSeverity } from '../../output/states.js'
import { renderReaders } from '../inspect/render-inspection.js'

/** Prints the registered readers of queues, worst first; with several queues under the name of each. One of several that cannot be looked at hides no other. */
export async function listReadersOf(context: CommandContext, queues: readonly string[]): Promise<number> {
  const { output, json } = context
  const looks: Looked[] = []
  let failed = EXIT_HEALTHY
  for (const queue of queues) {
    await takeTurn(context)
    try {
      looks.push(lookAt(queue))
    } catch (error) {
      if (queues.length === 1 || error instanceof InterruptedError) throw error
      context.log.error({ queue }, messageOfError(error))
      failed = worseExitCode(failed, exitCodeOfError(error))
    }
  }
  const listed = looks.map(({ inspection, state }) => ({
    queue: inspection.directory,
    readers: inspection.readers.map((reader) => withState(reader, state)),
  }))
  if (looks.some((looked) => unlistable(looked) !== undefined)) failed = worseExitCode(failed, EXIT_WARNING)
  if (json) output.line(toJsonReport('readers', queues.length === 1 ? { ...listed[0] } : { queues: listed }))
  else {
    for (const looked of looks) {
      if (queues.length > 1) output.line(output.palette.heading(printable(looked.inspection.directory)))
      if (unlistable(looked) !== undefined) output.line(`the readers cannot be listed: ${unlistable(looked)}`)
      else if (looked.inspection.readers.length === 0) output.line('no reader is registered')
      else output.lines(renderReaders(looked, output))
    }
  }
  return looks.reduce((worst, { state }) => worseExitCode(worst, exitCode(state)), failed)
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

function readerOf(inspection: QueueInspection, name: string): ReaderInspection {
  const { directory, readers } = inspection
  const reader = readers.find((candidate) => candidate.name === name)
  if (reader !== undefined) return reader
  const reason = unlistable({ inspection })
  throw new UsageError(
    reason === undefined
      ? `no reader of the name ${name} is registered in ${directory}`
      : `the readers of ${directory} cannot be listed: ${reason}`,
  )
}

/** Why nothing is known of a queue's readers; `undefined` when they were listed. */
function unlistable({ inspection }: Pick<Looked, 'inspection'>): string | undefined {
  return inspection.problems.find(({ file }) => file === READERS_DIRECTORY)?.message
}

interface Looked {
  readonly inspection: QueueInspection
  readonly state: QueueState
}

function lookAt(queue: string): Looked {
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
