import { type QueueState, STATES, type StateCode, type StateCondition } from '@chronicle-ts/inspect'
import { shellQuote } from '../../output/shell-quote.js'
import { STATE_ADVICE } from '../../output/state-advice.js'
import { describeCondition } from '../../output/states.js'
import type { Finding } from './finding.js'

/** Conditions whose problems stand in the list of findings one by one. */
const SHOWN_AS_PROBLEMS: readonly StateCode[] = ['QUEUE_DAMAGED', 'CLOCK_AHEAD', 'READER_BAD', 'WRITER_UNKNOWN']

type CommandFor = (queue: string, condition: StateCondition, state: QueueState) => string | undefined

const COMMANDS: Partial<Readonly<Record<StateCode, CommandFor>>> = {
  WRITER_BLOCKED: (queue) => `chron-cli readers list ${queue}`,
  WRITER_STOPPED: (_, __, { writer }) => continueProcess(writer.pid),
  WRITER_REPLACED: (_, { detail }) => `ls -l /proc/${/\d+/.exec(detail)?.[0] ?? '<pid>'}/fd`,
  READER_STOPPED: (_, { reader }, { readers }) => continueProcess(readers.find(({ name }) => name === reader)?.pid ?? null),
  READER_DEAD: (queue, { reader }) => `chron-cli readers remove ${queue} ${shellQuote(reader ?? '')}`,
  READER_LAGGING: (queue, { reader }) => `chron-cli readers show ${queue} ${shellQuote(reader ?? '')}`,
  DISK_FULL: (queue) => `df -h ${queue}`,
  DISK_LOW: (queue) => `df -h ${queue}`,
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
  const explanation = STATE_ADVICE[code]
  const command = COMMANDS[code]?.(shellQuote(state.directory), condition, state)
  return {
    code,
    severity: severity === 'ok' ? 'info' : severity,
    message: `${STATES[code][3]} ${describeCondition(condition)}`,
    ...(explanation !== undefined && { explanation }),
    ...(command !== undefined && { command }),
  }
}

function continueProcess(pid: number | null): string | undefined {
  return pid === null ? undefined : `kill -CONT ${pid}`
}
