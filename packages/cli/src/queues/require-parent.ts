import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Refuses a path whose directory does not exist: a command makes the queue that it was told to make, and no tree of directories for a path that was mistyped.
 *
 * @throws what the system says of the directory.
 */
export function requireParent(path: string): void {
  if (!existsSync(path)) statSync(dirname(resolve(path)))
}
