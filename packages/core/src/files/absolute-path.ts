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
  const isUrl = directory instanceof URL
  const path = isUrl ? pathOfUrl(directory) : directory
  // The text of a URL would be a relative path, below a folder `file:`.
  if (typeof path === 'string' && path !== '' && !path.includes('\0') && !path.startsWith('file://')) return path
  throw new InvalidArgumentError({
    argument,
    value: isUrl ? directory.href : directory,
    expected: 'a path, or a URL object of a file',
  })
}

/** `undefined` for a URL of another scheme, or with a host. */
function pathOfUrl(url: URL): string | undefined {
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}
