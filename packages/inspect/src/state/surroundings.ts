import { readFileSync, statfsSync } from 'node:fs'
import type { QueueInspection } from '../cold/queue-inspection.js'
import type { DiskState } from './queue-state.js'

/** What the state of a queue depends on beside its files. */
export interface Surroundings {
  /** What a process does; `gone` for one that has ended, a zombie too; `null` where it cannot be seen. */
  processOf(pid: number): 'runs' | 'stopped' | 'gone' | null
  readonly disk: DiskState | null
}

/** Asks the kernel. */
export function surroundingsOf({ directory }: Pick<QueueInspection, 'directory'>): Surroundings {
  return { processOf: processState, disk: spaceOf(directory) }
}

function processState(pid: number): 'runs' | 'stopped' | 'gone' | null {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : null
  }
  // The letter follows the name, which may hold anything. T: stopped by a signal; t: by a debugger; Z: a zombie; X: dead.
  const letter = stat[stat.lastIndexOf(')') + 2] ?? ''
  if (letter === 'T' || letter === 't') return 'stopped'
  return /[ZXx]/.test(letter) ? 'gone' : 'runs'
}

function spaceOf(directory: string): DiskState | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(directory)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return null
  }
}
