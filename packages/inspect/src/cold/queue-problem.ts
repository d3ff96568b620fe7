/** How much a problem matters: `critical` means that data is unreadable or the queue cannot be opened as it is. */
export type ProblemSeverity = 'info' | 'warning' | 'critical'

/**
 * Every problem that looking at a queue can find, with its severity and what it means. Codes are stable: scripts match on them.
 */
export const PROBLEMS = {
  NOT_A_QUEUE: ['critical', 'The directory holds neither a control block nor a segment.'],
  QUEUE_COPIED: [
    'info',
    'control.meta is the copy of another file: the queue was copied, perhaps while it was written. The next writer recovers it from its segments.',
  ],
  FILE_LINKED: ['warning', 'A file that is written in place has a name outside of the queue: a writer refuses it.'],
  FILE_UNREADABLE: ['warning', 'A file of the queue cannot be read, so what is in it is not known.'],
  CONTROL_MISSING: ['critical', 'control.meta is missing; the next writer rebuilds it from the segments.'],
  CONTROL_SHORT: ['critical', 'control.meta is shorter than 512 bytes; the next writer rebuilds it from the segments.'],
  CONTROL_ZEROED: [
    'critical',
    'control.meta holds only zeros, as after a power cut; the next writer rebuilds it from the segments.',
  ],
  CONTROL_BAD_MAGIC: ['critical', 'control.meta does not begin with the magic number: it is not a control block.'],
  CONTROL_BAD_VERSION: ['critical', 'control.meta has a version that this library does not know.'],
  CONTROL_NOT_READY: ['critical', 'The creation of control.meta was never finished.'],
  CONTROL_BAD_SEGMENT_SIZE: ['critical', 'The segment size in control.meta is impossible.'],
  CONTROL_ODD_GENERATION: ['warning', 'A writer died in the middle of a roll; the next writer makes the generation even again.'],
  CONTROL_BEHIND: [
    'warning',
    'There are segments after the one that control.meta names as the head; the next writer follows the segments.',
  ],
  CONTROL_AHEAD: ['critical', 'control.meta names a head or an offset that the segments do not reach.'],
  CONTROL_BAD_SEQUENCE: [
    'critical',
    'The next sequence in control.meta was used already: it is damaged; the next writer finds the right one in the records.',
  ],
  CONTROL_SEQUENCE_AHEAD: [
    'warning',
    'The next sequence in control.meta is above the records: it is damaged, or the last messages are lost; the next writer decides which.',
  ],
  SEQUENCES_SKIPPED: [
    'warning',
    'The last messages are lost. The next message skips their sequences, so that none is used twice.',
  ],
  CONTROL_BAD_FIRST_SEGMENT: [
    'warning',
    'control.meta names another segment than the lowest one as the first; the next writer corrects that.',
  ],
  HEAD_MISSING: ['critical', 'The segment that control.meta names as the head is missing.'],
  SEGMENT_MISSING: ['critical', 'Segments in the middle of the queue are missing.'],
  SEGMENT_RETIRED: ['warning', 'Retention deleted segments before they could be read.'],
  SEGMENT_SHORT: ['critical', 'A segment is shorter than the segment size: it was truncated.'],
  SEGMENT_LONG: ['warning', 'A segment is longer than the segment size; the bytes after that size are ignored.'],
  SEGMENT_BAD_HEADER: ['critical', 'A segment does not begin with a valid header.'],
  SEGMENT_NOT_READY: ['info', 'A segment after the head has no valid header: a crash leftover; the next writer rebuilds it.'],
  SEGMENT_BAD_SUMMARY: ['warning', 'A segment header contradicts the records of its segment.'],
  SEGMENT_UNSEALED: ['warning', 'A writer died during a roll before it sealed this segment; the next writer seals it.'],
  RECORD_BAD_LENGTH: ['critical', 'A record extends past the end of its segment.'],
  RECORD_BAD_PAYLOAD_CRC: ['critical', 'The payload of a record does not match its checksum.'],
  RECORD_BAD_HEADER_CRC: ['critical', 'The header of a record does not match its checksum.'],
  RECORD_BAD_PADDING: ['critical', 'A padding record does not end where its segment ends.'],
  RECORD_TORN: ['warning', 'The last record was torn by a crash; nothing follows it, and the next writer removes it.'],
  RECORDS_LOST: ['critical', 'There are bytes that are not a record where records should be.'],
  SEQUENCE_GAP: ['critical', 'Records are missing: the sequence jumps.'],
  TIME_BACKWARDS: ['info', 'A record is older than the one before it. Timestamps given by the caller may do that.'],
  READER_BAD: ['warning', 'Both slots of a reader file are damaged: the reader cannot resume, and it pins every segment.'],
  READER_NAME: ['info', 'A file among the reader files has no valid reader name and is ignored.'],
  READER_DATA_LOST: ['warning', 'The position of a reader was deleted: its next open reports the loss.'],
  READER_AHEAD: ['critical', 'The position of a reader is after the end of the queue.'],
  READER_MISPLACED: ['critical', 'The position of a reader is not at the beginning of a record.'],
  CLOCK_AHEAD: [
    'warning',
    'A timestamp is in the future: a clock was wrong or the caller set it. Ages and time lags are wrong until that time.',
  ],
  LOCK_RECORD_BAD: ['info', 'The writer lock file holds no valid record; the lock itself decides, so this does no harm.'],
  LOCK_STALE: [
    'info',
    'The last writer did not close the queue: its record is still in the lock file. The next writer cleans up.',
  ],
  WAITERS_LEAKED: ['info', 'Readers died while parked, and their announcement remains; a writer limits its cost.'],
  INDEX_BAD: ['info', 'index.meta is damaged or outdated. It is only a hint.'],
  LEFTOVER: ['info', 'A process died while it created this temporary file.'],
  QUARANTINED: ['info', 'A repair or recovery moved this file aside and kept it.'],
  FOREIGN_FILE: ['info', 'The directory of the queue contains a file that is not part of a queue.'],
  THRESHOLDS_BAD: ['warning', 'thresholds.json is damaged or names an unknown threshold, so the defaults apply.'],
  QUEUE_REMOVED: ['critical', 'The queue was deleted or replaced while it was being read.'],
} as const satisfies Record<string, readonly [ProblemSeverity, string]>

export type ProblemCode = keyof typeof PROBLEMS

/** One problem of a queue. A plain object: JSON keeps all of it. */
export interface QueueProblem {
  readonly code: ProblemCode
  readonly severity: ProblemSeverity
  /** One sentence with the facts in it. */
  readonly message: string
  /** Path relative to the queue's directory. */
  readonly file?: string
  readonly segmentId?: number
  readonly offset?: number
  /** Bytes, segments or messages that it concerns. */
  readonly count?: number
  /** An operator knows of it: it is shown and counted, and raises neither states nor exit codes. */
  readonly acknowledged?: boolean
}

/** Facts of one problem, for {@link queueProblem}. */
export interface ProblemFacts {
  readonly file?: string
  readonly segmentId?: number
  readonly offset?: number
  readonly count?: number
  /** Replaces the severity of the table where the case is less, or more, serious. */
  readonly severity?: ProblemSeverity
}

/** Builds a problem: the sentence of the table, then `detail`, then the facts as `name=value`. */
export function queueProblem(code: ProblemCode, detail: string, facts: ProblemFacts = {}): QueueProblem {
  const [tableSeverity, sentence] = PROBLEMS[code]
  const { severity = tableSeverity, ...places } = facts
  const shown = Object.entries(places).map(([name, value]) => `${name === 'segmentId' ? 'segment' : name}=${value}`)
  const message = [sentence, detail === '' ? '' : `${detail}.`, shown.join(' ')].filter((part) => part !== '').join(' ')
  return { code, severity, message, ...places }
}
