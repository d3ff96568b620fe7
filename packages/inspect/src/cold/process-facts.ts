import { closeSync, openSync, readSync } from 'node:fs'
import { parseProcessStartTime } from '@chronicle-ts/core/internal'

/** What a process does; `gone` for one that has ended, a zombie too; `null` where it cannot be seen. */
export type ProcessState = 'runs' | 'stopped' | 'gone' | null

/** What /proc says of a process. */
export interface ProcessFacts {
  readonly state: ProcessState
  /** When it started, in the kernel's ticks; `undefined` of one that has ended, or cannot be seen. */
  readonly startTime: number | undefined
}

/** One line, of some fifty numbers and a name of 64 bytes at most. */
const line = Buffer.alloc(2048)

/** Asks the kernel what a process does. */
export function readProcess(pid: number): ProcessFacts {
  let text: string
  try {
    text = readLine(`/proc/${pid}/stat`)
  } catch (cause) {
    return { state: isGone(cause) ? 'gone' : null, startTime: undefined }
  }
  return { state: stateIn(text), startTime: parseProcessStartTime(text) }
}

function readLine(path: string): string {
  const fd = openSync(path, 'r')
  try {
    return line.toString('latin1', 0, readSync(fd, line, 0, line.length, 0))
  } finally {
    closeSync(fd)
  }
}

/** A process may end between the open and the read. */
function isGone(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ESRCH'
}

/** The letter follows the name, which may hold anything. T: stopped by a signal; t: by a debugger; Z: a zombie; X: dead. */
function stateIn(text: string): ProcessState {
  const letter = text[text.lastIndexOf(')') + 2] ?? ''
  if (letter === 'T' || letter === 't') return 'stopped'
  return /[ZXx]/.test(letter) ? 'gone' : 'runs'
}
