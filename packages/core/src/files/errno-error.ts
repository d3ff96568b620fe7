import { errnoName } from '../errors/errno-name.js'

/** The error that `node:fs` would throw for this errno, for failures that the addon reports as a number. */
export function errnoError(errno: number, syscall: string): NodeJS.ErrnoException {
  const code = errnoName(errno)
  return Object.assign(new Error(`${code}, ${syscall}`), { code, errno: -errno, syscall })
}
