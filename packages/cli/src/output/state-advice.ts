import type { StateCode } from '@chronicle-ts/inspect'

/** What an operator does about a condition, and why, in one or two sentences. Where there is none, the meaning of the state says it. */
export const STATE_ADVICE: Partial<Readonly<Record<StateCode, string>>> = {
  WRITER_BLOCKED: 'Start or speed up the readers that are named, or remove the ones that are not coming back.',
  WRITER_DEAD: 'Start the writer again: its recovery repairs the queue.',
  WRITER_REPLACED:
    'The process writes to another directory, the one that was here before. Stop it, and decide which of the two is the queue.',
  READER_DEAD:
    'Start the reader again. One that is not coming back is removed; one that need not run is optional in thresholds.json.',
  READER_LAGGING:
    'It is slow, or loops without committing. A reader that commits rarely needs a threshold of its own in thresholds.json.',
  DISK_FULL: 'The next roll needs a segment, and appends fail with ERR_NO_SPACE when there is none.',
  SYNC_FAILED:
    'Look into the log of the kernel: the device may be failing. Appended messages are visible, but may be lost in a power loss.',
}
