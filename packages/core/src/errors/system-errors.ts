import { LimitError, NoSpaceError } from './capacity-errors.js'
import { errnoOf, errnoName as nameOfErrno } from './errno-name.js'
import { NotAQueueError, NotFoundError } from './open-errors.js'
import { LinkError } from './ownership-errors.js'
import { hasQueueErrorBrand, QueueError } from './queue-error.js'

/** The system refuses access. */
export class PermissionError extends QueueError {
  override readonly name = 'PermissionError'
  override readonly code = 'ERR_PERMISSION'
  override readonly category = 'usage'
  readonly path: string | undefined
  readonly syscall: string | undefined
  /** As in Node: negative. */
  readonly errno: number | undefined
  /** 'EACCES', 'EPERM' or 'EROFS'. */
  readonly errnoName: string

  constructor(facts: { path?: string | undefined; syscall?: string | undefined; errnoName: string }, options?: ErrorOptions) {
    const { path, syscall, errnoName } = facts
    super('No permission', { path, syscall, errno: errnoName }, options)
    this.path = path
    this.syscall = syscall
    this.errno = errnoOf(errnoName)
    this.errnoName = errnoName
  }
}

/** Any other failure of a system call. */
export class IoError extends QueueError {
  override readonly name = 'IoError'
  override readonly code = 'ERR_IO'
  override readonly category = 'fatal'
  readonly path: string | undefined
  readonly syscall: string | undefined
  /** As in Node: negative. `undefined` where the system gave none. */
  readonly errno: number | undefined
  /** The symbolic name: 'EIO', ... */
  readonly errnoName: string

  constructor(facts: { path?: string | undefined; syscall?: string | undefined; errnoName: string }, options?: ErrorOptions) {
    const { path, syscall, errnoName } = facts
    super('A system call failed', { path, syscall, errno: errnoName }, options)
    this.path = path
    this.syscall = syscall
    this.errno = errnoOf(errnoName)
    this.errnoName = errnoName
  }
}

/** What the caller of a failed system call knows about it; it wins over what the error itself says. */
export interface SystemFacts {
  readonly path?: string | undefined
  readonly syscall?: string | undefined
  /** Bytes that were asked for. */
  readonly length?: number | undefined
}

interface SystemError extends Error {
  readonly code: string
  /** Negative. */
  readonly errno?: number
  readonly path?: unknown
  readonly syscall?: unknown
}

/**
 * Converts an error of `node:fs` or the addon into the error of a queue, with the original as its `cause`. An error that is not a system error (a `QueueError`
 * already, a `TypeError`, ...) comes back as it is: throw the result.
 */
export function fromSystemError(cause: unknown, facts: SystemFacts = {}): unknown {
  if (hasQueueErrorBrand(cause) || !isSystemError(cause)) return cause
  const path = facts.path ?? text(cause.path)
  const syscall = facts.syscall ?? text(cause.syscall)
  const errno = nameOf(cause)
  const options = { cause }
  const limit = limitOf(errno, syscall)
  if (limit !== undefined) return new LimitError({ limit, path, syscall }, options)
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new NoSpaceError({ path, length: facts.length }, options)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new PermissionError({ path, syscall, errnoName: errno }, options)
    case 'ELOOP':
      return new LinkError({ path: path ?? 'unknown' }, options)
    case 'ENOENT':
      return new NotFoundError({ path: path ?? 'unknown' }, options)
    case 'ENOTDIR':
      return new NotAQueueError({ directory: path ?? 'unknown', detail: 'a part of the path is not a directory' }, options)
    default:
      return new IoError({ path, syscall, errnoName: errno }, options)
  }
}

/**
 * The limit that an errno means. `mlock` returns EPERM, ENOMEM or EAGAIN for one and the same limit. A segment that is prepared in the background is
 * reserved and mapped in one step, which has the name of the first, `fallocate`.
 */
function limitOf(errno: string, syscall: string | undefined): string | undefined {
  if (syscall?.startsWith('mlock') && (errno === 'EPERM' || errno === 'ENOMEM' || errno === 'EAGAIN')) return 'RLIMIT_MEMLOCK'
  if (syscall?.startsWith('inotify') && errno === 'EMFILE') return 'fs.inotify.max_user_instances'
  if (syscall?.startsWith('inotify') && errno === 'ENOSPC') return 'fs.inotify.max_user_watches'
  switch (errno) {
    case 'EMFILE':
      return 'RLIMIT_NOFILE'
    case 'ENFILE':
      return 'fs.file-max'
    case 'EFBIG':
      return 'RLIMIT_FSIZE'
    case 'ENOMEM':
      return syscall === 'mmap' || syscall === 'fallocate' ? 'memory or vm.max_map_count' : 'memory'
    case 'EAGAIN':
      return syscall === 'pthread_create' || syscall === 'clone' ? 'RLIMIT_NPROC' : undefined
    default:
      return undefined
  }
}

function isSystemError(cause: unknown): cause is SystemError {
  if (!(cause instanceof Error && 'code' in cause && typeof cause.code === 'string')) return false
  return isName(cause.code) || ('errno' in cause && typeof cause.errno === 'number' && 'syscall' in cause)
}

/** Node calls an errno that it does not know 'UNKNOWN', or says so in words. */
function nameOf({ code, errno }: SystemError): string {
  return isName(code) || errno === undefined ? code : nameOfErrno(-errno)
}

function isName(code: string): boolean {
  return /^E[A-Z0-9]+$/.test(code)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
