import { type FoundQueues, findQueues } from '@chronicle-ts/inspect'
import type { CommandContext } from '../command-context.js'
import { UsageError } from '../command-error.js'
import { EXIT_WARNING, worseExitCode } from '../exit-codes.js'
import { logDirectoriesLeftOut, noQueueError } from './look-around.js'
import { withoutSlash } from './queue-names.js'

/**
 * Works on the queues that paths name: each path is a queue, or a directory with queues below it. A path with neither stays as it is, so that what opens it says why not. Directories that were not
 * searched are named in the log, and a result without those that could not be listed is incomplete: it exits with a warning at least.
 *
 * @throws UsageError when a queue is named twice, and what the work throws.
 */
export async function onQueuesIn(
  context: CommandContext,
  paths: readonly string[],
  work: (queues: readonly string[]) => Promise<number>,
): Promise<number> {
  const found = paths.map((path) => below(withoutSlash(path)))
  const queues = found.flatMap(({ directories }) => directories)
  if (new Set(queues).size < queues.length) throw new UsageError('the same queue is named twice')
  for (const part of found) logDirectoriesLeftOut(context, part)
  const exitCode = await work(queues)
  const isWhole = found.every(({ unreadable, isPartial }) => unreadable.length === 0 && !isPartial)
  return isWhole ? exitCode : worseExitCode(exitCode, EXIT_WARNING)
}

/**
 * Refuses a path in and below which there is no queue, for commands that write files about what they found.
 *
 * @throws NotFoundError, PermissionError of the path itself; NotAQueueError when there is no queue.
 */
export function requireQueues(path: string): void {
  const found = findQueues(path)
  if (found.directories.length === 0) throw noQueueError(path, found)
}

function below(path: string): FoundQueues {
  const alone: FoundQueues = { directories: [path], unreadable: [], leftOut: [], isPartial: false }
  try {
    const found = findQueues(path)
    return found.directories.length === 0 ? { ...found, directories: [path] } : found
  } catch {
    return alone
  }
}
