import { fromSystemError } from '@chronicle-ts/core/internal'
import { ColdFileError } from './cold-file.js'

/** Runs work, and throws what the system says in it as the error of a queue. @throws QueueError, and what is not an error of the system as it is. */
export function coded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw codedError(error, path)
  }
}

/** The error of a queue for what the system said; `path` where the system does not name one. */
export function codedError(error: unknown, path: string): unknown {
  if (error instanceof ColdFileError) return fromSystemError(error.cause ?? error, { path: error.path })
  const { path: named } = (error ?? {}) as NodeJS.ErrnoException
  return fromSystemError(error, named === undefined ? { path } : {})
}
