import { controlExtensionsAreCurrent } from '@chronicle-ts/core/internal'
import type { QueueInspection, WriterInspection } from '../cold/queue-inspection.js'
import { CLOCK_STEP_NS } from './estimate-arrival.js'
import type { BlockedState, WriterState } from './queue-state.js'
import { formatSeconds } from './state-text.js'
import { judgeUpper, type StateThresholds } from './state-thresholds.js'
import { type StateCode, type StateCondition, stateCondition } from './state-words.js'
import type { Surroundings } from './surroundings.js'

/** A writer that appended within this time is running; later it is idle. The rates of `inspect` have the same window. */
const RUNNING_NS = 10_000_000_000n

/** The first version of the library stored 1 here, newer ones the second since which the writer waits. */
const BLOCKED_WITHOUT_TIME = 1

export interface WriterVerdict {
  readonly state: WriterState
  readonly condition: StateCondition
}

/** Says what the writer of a queue is doing. */
export function judgeWriter(
  inspection: QueueInspection,
  { processOf }: Surroundings,
  options: { readonly thresholds: StateThresholds; readonly movedLately: boolean | undefined },
): WriterVerdict {
  const { writer } = inspection
  const process = writer.alive === true && writer.pid !== undefined ? processOf(writer.pid) : null
  const blocked = writer.alive === true && process !== 'gone' ? blockedState(inspection) : undefined
  const code = codeOf(inspection, { process, isBlocked: blocked !== undefined, movedLately: options.movedLately })
  const condition = conditionOf(code, inspection, { blocked, thresholds: options.thresholds })
  return {
    condition,
    state: {
      word: condition.word,
      severity: condition.severity,
      detail: condition.detail,
      pid: writer.alive === true ? (writer.pid ?? null) : null,
      epoch: writer.epoch ?? null,
      lastHeartbeatNs: writer.lastHeartbeatNs ?? null,
      blocked: blocked ?? null,
    },
  }
}

function codeOf(
  inspection: QueueInspection,
  facts: {
    readonly process: ReturnType<Surroundings['processOf']>
    readonly isBlocked: boolean
    readonly movedLately: boolean | undefined
  },
): StateCode {
  const { alive, record, processRuns } = inspection.writer
  if (alive === undefined) return 'WRITER_UNKNOWN'
  if (!alive && processRuns === true) return 'WRITER_REPLACED'
  // A writer of the base format leaves its record in the file when it closes the queue, too.
  if (!alive) return record === undefined || !inspection.hasExtensions ? 'WRITER_CLOSED' : 'WRITER_DEAD'
  if (facts.process === 'gone') return 'WRITER_DEAD'
  if (facts.process === 'stopped') return 'WRITER_STOPPED'
  if (facts.isBlocked) return 'WRITER_BLOCKED'
  return facts.movedLately === true || appendedLately(inspection) ? 'WRITER_RUNNING' : 'WRITER_IDLE'
}

/** By what the queue itself records: a feed that is recorded or replayed has messages of any time. A clock that was set back since leaves a time in the future, which says nothing. */
function appendedLately({ inspectedNs, writer: { lastAppendNs } }: QueueInspection): boolean {
  if (lastAppendNs === undefined) return false
  const ageNs = inspectedNs - lastAppendNs
  return ageNs > -CLOCK_STEP_NS && ageNs < RUNNING_NS
}

function conditionOf(
  code: StateCode,
  inspection: QueueInspection,
  { blocked, thresholds }: { readonly blocked: BlockedState | undefined; readonly thresholds: StateThresholds },
): StateCondition {
  const { writer, inspectedNs } = inspection
  if (code === 'WRITER_BLOCKED' && blocked !== undefined) return blockedCondition(blocked, inspectedNs, thresholds)
  const detail = code === 'WRITER_CLOSED' ? '' : detailOf(writer)
  const isMissed = thresholds.writer === 'running' && (code === 'WRITER_CLOSED' || code === 'WRITER_DEAD')
  return stateCondition(code, { detail, ...(isMissed && { severity: 'critical' }) })
}

function detailOf({ alive, pid, record }: WriterInspection): string {
  if (alive === true) return pid === undefined ? '' : `pid ${pid}`
  return record === undefined ? '' : `pid ${record.pid}`
}

function blockedCondition(blocked: BlockedState, nowNs: bigint, { blockedSeconds }: StateThresholds): StateCondition {
  const forSeconds = blocked.sinceNs === null ? null : Math.max(0, Number(nowNs - blocked.sinceNs) / 1e9)
  const by = blocked.by.length === 0 ? 'by its own limits' : `by ${blocked.by.join(', ')}`
  const since = forSeconds === null ? '' : `, for ${formatSeconds(forSeconds)}`
  const detail = `${by}${since}, full with ${blocked.segments} segments`
  const severity = blockedSeconds === undefined ? 'critical' : judgeUpper(forSeconds ?? 0, blockedSeconds)
  return stateCondition('WRITER_BLOCKED', { detail, severity })
}

/** `undefined` unless the writer says that it waits. The word of a base-format writer means nothing. */
function blockedState({ control, hasExtensions, readers, segments }: QueueInspection): BlockedState | undefined {
  if (control === undefined || !hasExtensions || !controlExtensionsAreCurrent(control)) return undefined
  const { writerBlocked } = control
  if (writerBlocked === 0) return undefined
  const lowest = segments.firstId
  const by = readers.filter(({ pinsFrom }) => pinsFrom !== undefined && lowest !== undefined && pinsFrom <= lowest)
  const sinceNs = writerBlocked === BLOCKED_WITHOUT_TIME ? null : BigInt(writerBlocked) * 1_000_000_000n
  return { by: by.map(({ name }) => name), sinceNs, segments: segments.count, bytes: segments.bytes }
}
