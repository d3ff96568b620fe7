import { type QueueState, STATES, type StateCode, type StateCondition } from '@chronicle-ts/inspect'
import { shellQuote } from '../../output/shell-quote.js'
import { describeCondition } from '../../output/states.js'
import type { Finding } from './finding.js'

/** Conditions whose problems stand in the list of findings one by one. */
const SHOWN_AS_PROBLEMS: readonly StateCode[] = ['QUEUE_DAMAGED', 'CLOCK_AHEAD', 'READER_BAD', 'WRITER_UNKNOWN']

interface Advice {
  readonly explanation?: string
  readonly command?: (queue: string, condition: StateCondition, state: QueueState) => string | undefined
}

const ADVICE: Partial<Record<StateCode, Advice>> = {
  WRITER_BLOCKED: {
    explanation: 'Start or speed up the readers that are named, or remove the ones that are not coming back.',
    command: (queue) => `chron-cli readers list ${queue}`,
  },
  WRITER_STOPPED: { command: (_, __, { writer }) => continueProcess(writer.pid) },
  WRITER_DEAD: { explanation: 'Start the writer again: its recovery repairs the queue.' },
  WRITER_REPLACED: {
    explanation:
      'The process writes to another directory, the one that was here before. Stop it, and decide which of the two is the queue.',
    command: (_, { detail }) => `ls -l /proc/${/\d+/.exec(detail)?.[0] ?? '<pid>'}/fd`,
  },
  READER_STOPPED: {
    command: (_, { reader }, { readers }) => continueProcess(readers.find(({ name }) => name === reader)?.pid ?? null),
  },
  READER_DEAD: {
    explanation:
      'Start the reader again. One that is not coming back is removed; one that need not run is optional in thresholds.json.',
    command: (queue, { reader }) => `chron-cli readers remove ${queue} ${shellQuote(reader ?? '')}`,
  },
  READER_LAGGING: {
    explanation:
      'It is slow, or loops without committing. A reader that commits rarely needs a threshold of its own in thresholds.json.',
    command: (queue, { reader }) => `chron-cli readers show ${queue} ${shellQuote(reader ?? '')}`,
  },
  DISK_FULL: {
    explanation: 'The next roll needs a segment, and appends fail with ERR_NO_SPACE when there is none.',
    command: (queue) => `df -h ${queue}`,
  },
  DISK_LOW: { command: (queue) => `df -h ${queue}` },
  SYNC_FAILED: {
    explanation:
      'Look into the log of the kernel: the device may be failing. Appended messages are visible, but may be lost in a power loss.',
  },
}

/** What the state of a queue adds to its problems: its processes, its disk, its thresholds. */
export function stateFindings(state: QueueState): Finding[] {
  const isShown = ({ code }: StateCondition) =>
    // A LEASE whose owner is gone is a finding about markers.
    !SHOWN_AS_PROBLEMS.includes(code) && !(code === 'LEASE_EXPIRED' && state.writer.pid === null)
  return state.conditions.filter(isShown).map((condition) => findingOf(condition, state))
}

function findingOf(condition: StateCondition, state: QueueState): Finding {
  const { code, severity } = condition
  const advice = ADVICE[code]
  const command = advice?.command?.(shellQuote(state.directory), condition, state)
  return {
    code,
    severity: severity === 'ok' ? 'info' : severity,
    message: `${STATES[code][3]} ${describeCondition(condition)}`,
    ...(advice?.explanation !== undefined && { explanation: advice.explanation }),
    ...(command !== undefined && { command }),
  }
}

function continueProcess(pid: number | null): string | undefined {
  return pid === null ? undefined : `kill -CONT ${pid}`
}
