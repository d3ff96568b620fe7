import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidArgumentError } from '../errors/index.js'

/** The path of a directory as a caller gives it: a string, or a `file:` URL. */
export type DirectoryPath = string | URL

/**
 * Where a relative directory is at the time of the call. Handles open and delete files of their queue for as long as they live: after a `process.chdir` the same words
 * would name another place, where another queue may be.
 *
 * @param argument what the caller calls it, for the error.
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` for what is neither a path nor a file URL.
 */
export function absolutePath(directory: DirectoryPath, argument = 'directory'): string {
  const path = pathOf(directory, argument)
  return isAbsolute(path) ? path : resolve(path)
}

/** {@link absolutePath} that leaves a relative path as it is, for functions that report it. */
export function pathOf(directory: unknown, argument = 'directory'): string {
  if (typeof directory === 'string' && directory !== '' && !directory.includes('\0')) return directory
  const isUrl = directory instanceof URL
  try {
    if (isUrl) return fileURLToPath(directory)
  } catch {
    // Of another scheme, or with a host.
  }
  throw new InvalidArgumentError({
    argument,
    value: isUrl ? directory.href : directory,
    expected: 'a path, or a file: URL',
  })
}
