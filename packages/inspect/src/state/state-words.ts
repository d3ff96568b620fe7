import { checkMembers } from '@chronicle-ts/core/internal'
/** How much a state matters: `ok` needs no action, `warning` needs a look, `critical` means that messages do not flow or are damaged. */
export type StateSeverity = 'ok' | 'warning' | 'critical'

/**
 * Every condition that a queue, its writer or one of its readers can be in: whom it is about, its word, how much it matters, and what it means. Words and codes are stable: screens, metrics,
 * checks and scripts use them.
 */
export const STATES = {
  WRITER_RUNNING: ['writer', 'running', 'ok', 'The writer holds its lock and appended lately.'],
  WRITER_IDLE: ['writer', 'idle', 'ok', 'The writer holds its lock and has not appended for ten seconds.'],
  WRITER_CLOSED: ['writer', 'closed', 'ok', 'The queue has no writer: the last one closed it, or none has opened it.'],
  WRITER_BLOCKED: ['writer', 'blocked', 'critical', 'The queue is full: the writer waits until its readers make progress.'],
  WRITER_STOPPED: ['writer', 'stopped', 'critical', 'The process of the writer is stopped (SIGSTOP, or a debugger).'],
  WRITER_DEAD: ['writer', 'dead', 'warning', 'The process of the writer ended without closing the queue.'],
  WRITER_REPLACED: [
    'writer',
    'replaced',
    'critical',
    'The process that the lock file names runs but does not hold the lock: the directory was replaced or copied.',
  ],
  WRITER_UNKNOWN: ['writer', 'unknown', 'warning', 'The lock file cannot be read, so the state of the writer is unknown.'],
  READER_RUNNING: ['reader', 'running', 'ok', 'The reader runs and commits.'],
  READER_WAITING: ['reader', 'waiting', 'ok', 'The reader runs and has read everything.'],
  READER_CLOSED: ['reader', 'closed', 'ok', 'The reader does not run, and neither does the writer.'],
  READER_LAGGING: ['reader', 'lagging', 'warning', 'The reader is further behind than its thresholds permit.'],
  READER_STOPPED: ['reader', 'stopped', 'warning', 'The process of the reader is stopped (SIGSTOP, or a debugger).'],
  READER_DEAD: ['reader', 'dead', 'warning', 'The reader does not run, although the queue has a writer, or had one that died.'],
  READER_BAD: ['reader', 'damaged', 'warning', 'The position file of the reader is damaged or unreadable.'],
  READER_UNKNOWN: ['reader', 'unknown', 'warning', 'The state of the reader cannot be determined.'],
  QUEUE_DAMAGED: ['queue', 'damaged', 'warning', 'A problem was found in the files of the queue; doctor explains it.'],
  CLOCK_AHEAD: ['queue', 'clock ahead', 'warning', 'A timestamp is in the future, so ages and time lags are unreliable.'],
  DISK_FULL: ['queue', 'disk full', 'critical', 'The file system has no room for the next segments.'],
  DISK_LOW: ['queue', 'disk low', 'warning', 'The file system is nearly full.'],
  NOT_DURABLE: ['queue', 'not durable', 'warning', 'More messages than permitted would not survive a power loss.'],
  LEASE_EXPIRED: ['queue', 'lease expired', 'warning', 'The owner of the queue has not renewed its LEASE in time, or is gone.'],
  SYNC_FAILED: ['queue', 'not durable', 'critical', 'A sync failed: messages after the durable mark may not be on the disk.'],
} as const satisfies Record<string, readonly ['queue' | 'writer' | 'reader', string, StateSeverity, string]>

export type StateCode = keyof typeof STATES
export type StateWord = (typeof STATES)[StateCode][1]

/** One thing that is true of a queue now. */
export interface StateCondition {
  readonly code: StateCode
  readonly subject: 'queue' | 'writer' | 'reader'
  /** The reader that it is about. */
  readonly reader: string | null
  readonly word: StateWord
  readonly severity: StateSeverity
  /** The facts in a few words: `by audit, for 12 s, 8 segments`; may be empty. */
  readonly detail: string
}

/** Builds a condition from the table. `severity` replaces that of the table where a case is more, or less, serious. */
export function stateCondition(
  code: StateCode,
  facts: { readonly reader?: string; readonly severity?: StateSeverity; readonly detail?: string } = {},
): StateCondition {
  const [subject, word, severity] = STATES[code]
  return {
    code,
    subject,
    reader: facts.reader ?? null,
    word,
    severity: facts.severity ?? severity,
    detail: facts.detail ?? '',
  }
}

const ORDER: Readonly<Record<StateSeverity, number>> = { critical: 0, warning: 1, ok: 2 }
const SUBJECTS: Readonly<Record<StateCondition['subject'], number>> = { queue: 0, writer: 1, reader: 2 }

/** Worst first; of equal severity the queue before its writer before its readers. */
export function worstConditionsFirst(conditions: readonly StateCondition[]): StateCondition[] {
  return [...conditions].sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || SUBJECTS[a.subject] - SUBJECTS[b.subject])
}

/** A condition as every screen writes it: its word, in capitals when it is critical. */
export function stateLabel(condition: Pick<StateCondition, 'word' | 'severity'>): string {
  checkMembers('condition', condition, ['word', 'severity'], 'a condition')
  const { word, severity } = condition
  return severity === 'critical' ? word.toUpperCase() : word
}
