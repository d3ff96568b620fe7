import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Whether a path that may not exist yet lies in a directory, also when links lead there. @throws what the system says when the directory, or the one that the path is in, does not exist. */
export function isInside(path: string, directory: string): boolean {
  const real = join(realpathSync(dirname(path)), basename(path))
  return `${real}/`.startsWith(`${realpathSync(directory)}/`)
}
