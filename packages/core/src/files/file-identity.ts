import { fstatSync, lstatSync, statSync } from 'node:fs'

/** What distinguishes one file of this machine from all others, independent of its name. */
export interface FileIdentity {
  readonly dev: bigint
  readonly ino: bigint
}

export function identityOf(fd: number): FileIdentity {
  const { dev, ino } = fstatSync(fd, { bigint: true })
  return { dev, ino }
}

/** Whether a path still names the file that is open here: between the open and the lock another process may have replaced or deleted it. */
export function isStillAt(path: string, fd: number): boolean {
  const { dev, ino } = identityOf(fd)
  const named = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return named?.dev === dev && named.ino === ino
}

/**
 * What a path names: this file, this file with less than `lengthMin` bytes, another one, or none. A reason such as a missing right says neither and counts as this file.
 */
export function whatIsAt(path: string, expected: FileIdentity, lengthMin: number): 'same' | 'cut' | 'other' | 'none' {
  try {
    const { dev, ino, size } = statSync(path, { bigint: true })
    if (dev !== expected.dev || ino !== expected.ino) return 'other'
    return size < lengthMin ? 'cut' : 'same'
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'none' : 'same'
  }
}
