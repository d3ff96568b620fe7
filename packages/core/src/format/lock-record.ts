/**
 * The text in `writer.lock`: `<pid> <startTime> <epoch>` and a newline, in decimal ASCII. It only names the holder of the lock; the lock itself
 * decides. A clean close leaves an empty line: an empty file would give its block back, which a full disk does not return to the next writer. A second line,
 * `background <kinds>`, names work that goes on although its writer has ended.
 */
export interface LockRecord {
  readonly pid: number
  /** Field 22 of `/proc/<pid>/stat`: clock ticks since boot. Together with the pid it names one process of one machine run. */
  readonly startTime: number
  readonly epoch: number
}

/** More text than this is not a lock record. */
export const LOCK_RECORD_LENGTH_MAX = 128

/**
 * Reads a lock record, or `undefined` when the text holds none (empty after a clean close, cut short by a crash, foreign). Any white space
 * separates and may surround the numbers; a missing epoch reads as 0; what follows on later lines is ignored.
 */
export function parseLockRecord(text: string): LockRecord | undefined {
  const match = /^[\s\0]*(\d{1,16})[^\S\n]+(\d{1,16})(?:[^\S\n]+(\d{1,16}))?[^\S\n]*(?:[\n\0]|$)/.exec(
    text.slice(0, LOCK_RECORD_LENGTH_MAX),
  )
  if (match === null) return undefined
  const record = { pid: Number(match[1]), startTime: Number(match[2]), epoch: Number(match[3] ?? 0) }
  const safe = Number.isSafeInteger(record.pid) && Number.isSafeInteger(record.startTime) && Number.isSafeInteger(record.epoch)
  return safe && record.pid > 0 ? record : undefined
}

export function formatLockRecord(record: LockRecord): string {
  return `${record.pid} ${record.startTime} ${record.epoch}\n`
}

/**
 * The kinds of background work that a line `background <kinds>` after the record names: its writer has ended, and the lock is held until that work has, too. `undefined`
 * when there is no such line.
 */
export function parseBackgroundWork(text: string): string | undefined {
  return /^background ([a-z ]{1,64})$/m.exec(text.slice(0, LOCK_RECORD_LENGTH_MAX))?.[1]
}

/**
 * The start time in the text of `/proc/<pid>/stat`; `undefined` for an invalid text, and for a process that has ended and was not waited for yet. Counted from the last `)`, because the process name before it may hold blanks
 * and parentheses.
 */
export function parseProcessStartTime(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const startTime = Number(fields[19])
  // Z: a zombie, X: dead.
  if (/^[ZXx]/.test(fields[0] ?? '')) return undefined
  return stat.includes(')') && fields[19] !== undefined && fields[19] !== '' && Number.isSafeInteger(startTime)
    ? startTime
    : undefined
}
