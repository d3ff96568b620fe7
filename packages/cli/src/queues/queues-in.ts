import { findQueues } from '@chronicle-ts/inspect'
import { UsageError } from '../error-report.js'
import { withoutSlash } from './queue-names.js'

/**
 * The queues that paths name: each path is a queue, or a directory with queues below it. A path with neither stays as it is, so that what opens it says why not.
 *
 * @throws UsageError when a queue is named twice.
 */
export function queuesIn(paths: readonly string[]): string[] {
  const queues = paths.flatMap((path) => below(withoutSlash(path)))
  if (new Set(queues).size < queues.length) throw new UsageError('the same queue is named twice')
  return queues
}

function below(path: string): readonly string[] {
  try {
    const { directories } = findQueues(path)
    return directories.length === 0 ? [path] : directories
  } catch {
    return [path]
  }
}
