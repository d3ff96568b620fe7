import { isAbsolute, resolve } from 'node:path'

/**
 * Where a relative directory is at the time of the call. Handles open and delete files of their queue for as long as they live: after a `process.chdir` the same words
 * would name another place, where another queue may be.
 */
export function absolutePath(directory: string): string {
  // What is no path is refused where it is used.
  return typeof directory !== 'string' || directory === '' || isAbsolute(directory) ? directory : resolve(directory)
}
