import { NotAQueueError } from '@chronicle-ts/core'
import { inspectQueue, type ReaderInspection } from '@chronicle-ts/inspect'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../error-report.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { interruptible } from '../../interruptible.js'
import { toJsonReport } from '../../output/json.js'
import { exitCodeOfProblems } from '../../output/problems.js'
import { renderReaders } from '../inspect/render-inspection.js'

/** Prints the registered readers of a queue, worst first. */
export function listReadersOf({ output, json }: CommandContext, queue: string): number {
  const readers = readersOf(queue)
  if (json) output.line(toJsonReport('readers', { queue, readers }))
  else if (readers.length === 0) output.line('no reader is registered')
  else output.lines(renderReaders(readers, output))
  return exitCode(readers)
}

/** Prints one registered reader. @throws UsageError when there is none of that name. */
export function showReader({ output, json }: CommandContext, queue: string, name: string): number {
  const reader = findReader(queue, name)
  if (json) output.line(toJsonReport('readers', { queue, reader }))
  else output.lines(renderReaders([reader], output))
  return exitCode([reader])
}

/** One registered reader. @throws UsageError when there is none of that name. */
export function findReader(queue: string, name: string): ReaderInspection {
  const reader = readersOf(queue).find((candidate) => candidate.name === name)
  if (reader === undefined) throw new UsageError(`no reader of the name ${name} is registered in ${queue}`)
  return reader
}

function readersOf(queue: string): readonly ReaderInspection[] {
  const { isQueue, readers } = interruptible(() => inspectQueue(queue, { segmentLimit: 2 }))
  if (!isQueue) throw new NotAQueueError({ directory: queue, detail: 'it holds neither a control block nor a segment' })
  return readers
}

function exitCode(readers: readonly ReaderInspection[]): number {
  return readers.length === 0 ? EXIT_HEALTHY : exitCodeOfProblems(readers.flatMap(({ problem }) => problem ?? []))
}
