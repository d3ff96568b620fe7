import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { PROBLEMS, type ProblemCode, queueProblem } from '../cold/queue-problem.js'
import { isRepairable, planRepairs } from './plan-repairs.js'
import { describeRepairStep, type RepairStep } from './repair-step.js'

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  buildQueue(queue, { payloads: textPayloads(100), readers: { audit: { segmentId: 1, offset: 64 } } })
})

describe('planning a repair', () => {
  it.each(CODES)('has a step for %s exactly when it counts as repairable', (code) => {
    expect(planOf(code).length > 0).toBe(isRepairable(code))
  })

  it('leaves alone what is unknown, harmless, or for a person to decide', () => {
    expect(CODES.filter((code) => !isRepairable(code))).toEqual([
      'NOT_A_QUEUE',
      'FILE_LINKED',
      'FILE_UNREADABLE',
      'SEQUENCES_SKIPPED',
      'SEGMENT_MISSING',
      'SEGMENT_RETIRED',
      'SEQUENCE_GAP',
      'TIME_BACKWARDS',
      'READER_NAME',
      'READER_DATA_LOST',
      'CLOCK_AHEAD',
      'LOCK_RECORD_BAD',
      'LOCK_STALE',
      'WAITERS_LEAKED',
      'QUARANTINED',
      'FOREIGN_FILE',
      'THRESHOLDS_BAD',
      'QUEUE_REMOVED',
    ])
  })

  it('does nothing at all when a segment or the control block cannot be read', () => {
    const facts = { severity: 'critical' as const, segmentId: 1 }
    const problems = [
      queueProblem('READER_BAD', '', { file: 'readers/audit.meta' }),
      queueProblem('FILE_UNREADABLE', 'EIO', facts),
    ]
    expect(planRepairs(queue, problems)).toEqual([])
    expect(planRepairs(queue, problems.slice(0, 1))).toEqual([{ kind: 'set-aside', file: 'readers/audit.meta' }])
  })

  it('repairs files first, derives from them next, and recovers only once the segment size is known', () => {
    const damage = queueProblem('RECORD_BAD_PAYLOAD_CRC', '', { segmentId: 1, offset: 64 })
    const short = queueProblem('SEGMENT_SHORT', '', { segmentId: 2 })
    const unsealed = queueProblem('SEGMENT_UNSEALED', '', { segmentId: 0 })
    const kinds = (problems: Parameters<typeof planRepairs>[1]) => planRepairs(queue, problems).map(({ kind }) => kind)
    expect(kinds([unsealed, short, damage])).toEqual(['keep-damage', 'restore-segment', 'seal-segment', 'recover'])
    const lost = [queueProblem('CONTROL_ZEROED', ''), unsealed, short, damage]
    expect(planRepairs(queue, lost, { hasRecovered: true }).map(({ kind }) => kind)).toEqual([
      'keep-damage',
      'restore-segment',
      'seal-segment',
      'rebuild-control',
    ])
  })

  it.each([
    ['the control block is lost', queueProblem('CONTROL_ZEROED', '')],
    ['a reader is further than the records', queueProblem('READER_AHEAD', '', { file: 'readers/audit.meta' })],
    ['the head was cut', queueProblem('SEGMENT_SHORT', '', { segmentId: 3 })],
    ['the queue is a copy', queueProblem('QUEUE_COPIED', '')],
  ])('leaves it to a writer to find the end, and keeps damage before: %s', (_, problem) => {
    const damage = queueProblem('RECORD_BAD_PAYLOAD_CRC', '', { segmentId: 1, offset: 64 })
    const unsealed = queueProblem('SEGMENT_UNSEALED', '', { segmentId: 0 })
    expect(planRepairs(queue, [unsealed, problem, damage]).map(({ kind }) => kind)).toEqual(['keep-damage', 'recover'])
  })

  it('L57: moves a reader after the end only when a writer has weighed where it was', () => {
    const ahead = queueProblem('READER_AHEAD', '', { file: 'readers/audit.meta' })
    const kinds = (options?: Parameters<typeof planRepairs>[2]) => planRepairs(queue, [ahead], options).map(({ kind }) => kind)
    expect(kinds()).toEqual(['recover'])
    expect(kinds({ hasRebuilt: true })).toEqual(['recover'])
    expect(kinds({ hasRecovered: true })).toEqual(['move-reader'])
  })

  it('plans each step once', () => {
    expect(planRepairs(queue, [queueProblem('CONTROL_SHORT', ''), queueProblem('CONTROL_BAD_SEQUENCE', '')])).toHaveLength(1)
  })
})

describe('a step of a repair in words', () => {
  const steps: Readonly<Record<RepairStep['kind'], [RepairStep, string[]]>> = {
    'restore-segment': [{ kind: 'restore-segment', segmentId: 41 }, ['41', 'a copy of it is kept']],
    'rebuild-control': [{ kind: 'rebuild-control' }, ['control.meta', 'the old one is kept']],
    'seal-segment': [{ kind: 'seal-segment', segmentId: 42 }, ['42']],
    'correct-summary': [{ kind: 'correct-summary', segmentId: 45 }, ['45', 'the old header is kept']],
    'keep-damage': [{ kind: 'keep-damage', segmentId: 43, offset: 640, length: 77 }, ['43', '640', '77 damaged bytes']],
    'set-aside': [{ kind: 'set-aside', file: 'readers/audit.meta' }, ['readers/audit.meta', 'quarantine']],
    'move-reader': [
      { kind: 'move-reader', file: 'readers/a.meta', from: { segmentId: 1, offset: 64 }, to: { segmentId: 44, offset: 128 } },
      ['readers/a.meta', '44', '128'],
    ],
    recover: [{ kind: 'recover' }, ['as a writer']],
  }

  it.each(Object.values(steps))('names what it touches and what is kept: %o', (step, facts) => {
    for (const fact of facts) expect(describeRepairStep(step)).toContain(fact)
  })
})

function planOf(code: ProblemCode): RepairStep[] {
  return planRepairs(queue, [
    queueProblem(code, '', { segmentId: 1, offset: 64, file: 'readers/audit.meta', severity: 'critical' }),
  ])
}
