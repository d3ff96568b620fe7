import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { READERS_DIRECTORY } from '@chronicle-ts/core/internal'
import { ColdFileError } from './cold-file.js'

/**
 * The names in a queue's folder of readers, sorted; none without the folder.
 *
 * @throws {@link ColdFileError} when it cannot be listed, or is a link: what that names belongs to another queue, in which nothing may be read or repaired for this one.
 */
export function readerFileNames(directory: string): string[] {
  const path = join(directory, READERS_DIRECTORY)
  try {
    if (lstatSync(path).isSymbolicLink()) throw new ColdFileError({ path, syscall: 'scandir', code: 'ELOOP' })
    return readdirSync(path).sort()
  } catch (cause) {
    if (cause instanceof ColdFileError) throw cause
    const { code = 'EIO', syscall = 'scandir' } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new ColdFileError({ path, syscall, code }, { cause })
  }
}
