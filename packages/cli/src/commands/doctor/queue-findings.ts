import {
  isRepairable,
  type ProblemCode,
  problemsBeforeRepair,
  type QueueInspection,
  type QueueProblem,
} from '@chronicle-ts/inspect'
import { formatBytes, formatCount } from '../../output/quantities.js'
import { shellQuote } from '../../output/shell-quote.js'
import type { Finding } from './finding.js'

interface Advice {
  readonly explanation: string
  readonly command?: (queue: string, problem: QueueProblem) => string
}

const SKIP_DAMAGE: Advice = {
  explanation:
    'Strict readers stop before it. The bytes stay where they are, so that the records after them keep their places. The repair keeps a copy of them and, with --skip-damage, moves the readers that stopped there to the record after them. Readers opened with onCorrupt "skip" continue by themselves.',
  command: (queue) => `chron-cli doctor ${queue} --repair --yes --skip-damage`,
}
const GONE: Advice = {
  explanation:
    'No repair restores the messages: copy the segment files from a backup if there is one. Readers get ERR_DATA_LOST or ERR_SEQUENCE_GAP, and continue with onLost "snap" and onCorrupt "skip".',
}

/** What no repair changes: each needs words that say why. */
const LEFT: Partial<Record<ProblemCode, Advice>> = {
  NOT_A_QUEUE: { explanation: 'There is nothing to repair in it. Check the path.' },
  FILE_LINKED: {
    explanation:
      'Two directories share the file, as after cp -al, so nothing is repaired: it would change both. Copy one of them with cp -a, use the copy, and delete what it was copied from.',
  },
  SEGMENT_MISSING: GONE,
  SEGMENT_RETIRED: {
    explanation: 'No action is needed: readers that still need them get ERR_DATA_LOST, or continue with onLost "snap".',
  },
  SEQUENCE_GAP: GONE,
  SEQUENCES_SKIPPED: {
    explanation:
      'Recovery decided this, and repair keeps it: a lower next sequence would reuse sequences that readers may have seen. No repair restores the messages. The next message shows readers the gap.',
  },
  TIME_BACKWARDS: {
    explanation: 'The records are as they were appended, and repair leaves them. Seeking by time and ordered fan-ins handle it.',
  },
  READER_NAME: {
    explanation: 'No reader uses it. Repair leaves it, because it may not belong to the queue: move it away by hand.',
  },
  CLOCK_AHEAD: {
    explanation:
      'Repair never changes a record, and the next heartbeat or commit overwrites the other times. Check the clock of this machine.',
  },
  LOCK_RECORD_BAD: { explanation: 'No action is needed: the next writer replaces the record.' },
  LOCK_STALE: { explanation: 'The process died without closing the queue. No action is needed.' },
  WAITERS_LEAKED: { explanation: 'No action is needed: the next writer clears it.' },
  FOREIGN_FILE: { explanation: 'Repair leaves it, because it may not belong to the queue: move it away by hand.' },
  THRESHOLDS_BAD: { explanation: 'A person wrote it, so repair leaves it: correct it, or delete it.' },
  QUEUE_REMOVED: { explanation: 'Run it again: another queue may be at the path.' },
}

/** What to say beyond the problem's own sentence. */
const ADVICE: Partial<Record<ProblemCode, Advice>> = {
  ...LEFT,
  RECORD_BAD_LENGTH: SKIP_DAMAGE,
  RECORD_BAD_PAYLOAD_CRC: SKIP_DAMAGE,
  RECORD_BAD_HEADER_CRC: SKIP_DAMAGE,
  RECORD_BAD_PADDING: SKIP_DAMAGE,
  RECORDS_LOST: SKIP_DAMAGE,
  CONTROL_BAD_VERSION: {
    explanation:
      'A later version of the library wrote it, or it is damaged. It is repaired only when its segments are of this version.',
  },
  FILE_UNREADABLE: {
    explanation: 'Run it again as a user that may read the file.',
    command: (queue, { file }) => `ls -l ${queue}${file === undefined ? '' : `/${file}`}`,
  },
  READER_BAD: { explanation: 'The repair moves the file aside; the reader then starts as a new one, at the earliest message.' },
  SEGMENT_BAD_SUMMARY: {
    explanation: 'The repair corrects the header from the records, and keeps the old header. No record is changed.',
  },
  CONTROL_SEQUENCE_AHEAD: {
    explanation:
      'The repair lets a writer compare it with the last record. Where messages are lost, their sequences stay skipped, and the finding becomes SEQUENCES_SKIPPED.',
  },
  READER_AHEAD: {
    explanation:
      'Messages that it has read are lost, after a power cut for instance. The repair lets a writer continue above it, and moves it there.',
  },
  READER_DATA_LOST: {
    explanation:
      'Retention, or another program, deleted what it had not read. It gets ERR_DATA_LOST, or continues with onLost "snap".',
  },
  QUARANTINED: {
    explanation: 'Inspect it, and delete it when it is not needed any more.',
    command: (queue) => `ls -l ${queue}/quarantine`,
  },
}

/** Findings about one queue, from what inspecting and verifying it found. */
export function queueFindings(inspection: QueueInspection, problems: readonly QueueProblem[]): Finding[] {
  return [...problemFindings(inspection.directory, problems), ...readerFindings(inspection)]
}

/** The problems of one queue, each with what it means. None names the repair as long as something keeps it from doing anything. */
export function problemFindings(directory: string, problems: readonly QueueProblem[]): Finding[] {
  const canRepair = problemsBeforeRepair(problems).length === 0
  return problems.map((problem) => fromProblem(directory, problem, canRepair))
}

function fromProblem(directory: string, problem: QueueProblem, canRepair: boolean): Finding {
  const { code, severity, message, acknowledged } = problem
  const advice = ADVICE[code]
  const queue = shellQuote(directory)
  const isForRepair = isRepairable(code)
  const repair = isForRepair ? `chron-cli doctor ${queue} --repair --yes` : undefined
  const command = isForRepair && !canRepair ? undefined : (advice?.command?.(queue, problem) ?? repair)
  return {
    code,
    severity,
    message,
    ...(acknowledged === true && { acknowledged }),
    ...(advice && { explanation: advice.explanation }),
    ...(command !== undefined && { command }),
  }
}

/** Which readers keep segments from being deleted, and which segments could be deleted. */
function readerFindings({ directory, segments, head, readers, segmentSize = 0, writer }: QueueInspection): Finding[] {
  const { firstId } = segments
  const headId = head.segmentId
  if (firstId === undefined || headId === undefined || readers.length === 0) return []
  const findings: Finding[] = []
  const pins = readers.map((reader) => ({ reader, from: Math.min(headId, reader.pinsFrom ?? firstId) }))
  const lowest = Math.min(...pins.map(({ from }) => from))
  for (const { reader, from } of pins) {
    if (from !== lowest || from >= headId) continue
    const bytes = (headId - from) * segmentSize
    const state = reader.lock.held === true ? 'running' : 'not running'
    const message = `Reader ${reader.name}, ${state}, keeps ${segmentCount(headId - from)} (${formatBytes(bytes)}) from being deleted. reader=${reader.name} segment=${from}`
    findings.push({ code: 'READER_PINS', severity: 'info', message, explanation: PIN_EXPLANATION })
  }
  if (lowest > firstId)
    findings.push(candidatesFinding(directory, { firstId, lowest, segmentSize, isLive: writer.alive === true }))
  return findings
}

function candidatesFinding(
  directory: string,
  facts: { firstId: number; lowest: number; segmentSize: number; isLive: boolean },
): Finding {
  const count = facts.lowest - facts.firstId
  const message = `Every reader has read ${segmentCount(count)} (${formatBytes(count * facts.segmentSize)}) at the beginning. segment=${facts.firstId}`
  const finding = { code: 'RETENTION_CANDIDATES', severity: 'info', message } as const
  if (facts.isLive)
    return { ...finding, explanation: 'Its writer deletes them when it is opened with retention: { consumed: true }.' }
  return { ...finding, command: `chron-cli prune ${shellQuote(directory)} --consumed` }
}

function segmentCount(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'segment' : 'segments'}`
}

const PIN_EXPLANATION =
  'A registered reader pins what it has not read. If it is not coming back, forget it: chron-cli readers remove; or give the writer a readerTtlMs.'
