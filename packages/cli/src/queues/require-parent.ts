import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { NotAQueueError } from '@chronicle-ts/core'

/**
 * Refuses a path where no queue can be made: one whose directory does not exist, and one that is something else than a directory. A command makes the queue that it was asked for, and no tree of
 * directories for a path that was mistyped.
 *
 * @throws NotAQueueError, and what the system says of the path or its directory.
 */
export function requireParent(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if ((found ?? statSync(dirname(resolve(path)))).isDirectory()) return
  const detail = found === undefined ? 'a part of the path is not a directory' : 'it is not a directory'
  throw new NotAQueueError({ directory: path, detail })
}
