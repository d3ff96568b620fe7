import { fstatSync, statSync } from 'node:fs'

/** What tells one file of this machine from all others, whatever its name. */
export interface FileIdentity {
  readonly dev: bigint
  readonly ino: bigint
}

export function identityOf(fd: number): FileIdentity {
  const { dev, ino } = fstatSync(fd, { bigint: true })
  return { dev, ino }
}

/** What a path names: this file, another one, or none. A reason such as a missing right says neither and counts as this file. */
export function whatIsAt(path: string, expected: FileIdentity): 'same' | 'other' | 'none' {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return dev === expected.dev && ino === expected.ino ? 'same' : 'other'
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'none' : 'same'
  }
}
