import { processStartTime } from '../files/machine.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { probeWriterLock } from '../files/writer-lock.js'
import type { MappedControl } from './mapped-control.js'

/** Whether a queue has a writer. One function for all callers: the lock decides, the rest explains. */
export interface WriterStatus {
  readonly alive: boolean
  /** Of the process that the lock file names; absent after a clean close. */
  readonly pid?: number
  readonly startTime?: number
  readonly epoch: number
  /** When the writer last appended or gave a sign of life. An old one does not mean that it is dead. */
  readonly heartbeatNs: bigint
  /** How `alive` is known. */
  readonly reason: string
}

export function writerStatus(directory: QueueDirectory, control: MappedControl): WriterStatus {
  const lock = probeWriterLock(directory)
  const record = lock?.record
  return {
    alive: lock?.held === true,
    ...(record === undefined ? {} : { pid: record.pid, startTime: record.startTime }),
    epoch: control.writerEpochAcquire(),
    heartbeatNs: control.writerHeartbeatNsAcquire(),
    reason: describe(lock),
  }
}

function describe(lock: ReturnType<typeof probeWriterLock>): string {
  if (lock === undefined) return 'there is no lock file'
  const { held, record } = lock
  const isVisible = record !== undefined && processStartTime(record.pid) === record.startTime
  if (held) return isVisible ? 'a running process holds the lock' : 'a process not visible here holds the lock'
  if (record === undefined) return 'the lock is free, the last writer closed cleanly'
  return isVisible ? 'the lock is free although its last holder still runs' : 'the lock is free, its last holder is gone'
}
