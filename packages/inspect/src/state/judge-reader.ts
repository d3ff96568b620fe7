import type { QueueInspection, ReaderInspection } from '../cold/queue-inspection.js'
import { type Arrival, estimateArrival } from './estimate-arrival.js'
import type { LagState, ReaderState, WriterState } from './queue-state.js'
import { countOf, formatSeconds } from './state-text.js'
import { judgeUpper, type ReaderThresholds } from './state-thresholds.js'
import { type StateCode, type StateCondition, type StateSeverity, stateCondition } from './state-words.js'
import type { Surroundings } from './surroundings.js'

/** Readers of the base format take no lock: one whose file was saved so lately is running. */
const SAVED_LATELY_NS = 1_500_000_000n

/** What several looks measured of one reader. */
export interface MeasuredReader {
  /** How long its oldest unread message has been seen; `undefined` when its position is unknown. */
  readonly arrivalNs: bigint | undefined
  /** That message was there at the oldest look: it has been there for at least that long. */
  readonly arrivalIsBound: boolean
  /** `null` where its position was unknown at one of the looks. */
  readonly perSecond: number | null
  readonly catchUpSeconds: number | null
  /** Its file was saved between the looks. */
  readonly saved: boolean
}

export interface ReaderContext {
  readonly inspection: QueueInspection
  readonly surroundings: Surroundings
  readonly writer: WriterState
  readonly thresholds: ReaderThresholds
  readonly measured: MeasuredReader | undefined
}

export interface ReaderVerdict {
  readonly state: ReaderState
  readonly condition: StateCondition
}

/** Says what one reader is doing, and how far it is behind. */
export function judgeReader(reader: ReaderInspection, context: ReaderContext): ReaderVerdict {
  const { writer, measured } = context
  const lag = lagOf(reader, context)
  const blocksWriter = writer.blocked?.by.includes(reader.name) === true
  const { code, severity: exceeded, reason } = codeOf(reader, lag, context)
  const table = stateCondition(code)
  const severity = blocksWriter ? 'critical' : (exceeded ?? table.severity)
  const detail = [blocksWriter ? 'blocks the writer' : '', reason, behind(lag, code)].filter((part) => part !== '').join(', ')
  const condition = stateCondition(code, { reader: reader.name, severity, detail })
  return {
    condition,
    state: {
      name: reader.name,
      word: condition.word,
      severity,
      detail,
      pid: reader.lock.pid ?? null,
      lag,
      blocksWriter,
      pinsFrom: reader.pinsFrom ?? null,
      lastCommitNs: reader.lastCommitNs ?? null,
      perSecond: measured?.perSecond ?? null,
      catchUpSeconds: lag.messages === 0 ? 0 : (measured?.catchUpSeconds ?? null),
    },
  }
}

interface Verdict {
  readonly code: StateCode
  readonly severity?: StateSeverity
  readonly reason: string
}

function codeOf(reader: ReaderInspection, lag: LagState, context: ReaderContext): Verdict {
  const { surroundings, writer, thresholds } = context
  if (reader.problem !== undefined) return { code: 'READER_BAD', reason: reader.problem.code }
  const { held, pid } = reader.lock
  const process = held === true && pid !== undefined ? surroundings.processOf(pid) : null
  if (process === 'stopped') return { code: 'READER_STOPPED', reason: `pid ${pid}` }
  const runs = held === undefined ? undefined : (held && process !== 'gone') || savedLately(reader, context)
  if (runs === undefined) return { code: 'READER_UNKNOWN', reason: 'its file cannot be read' }
  if (!runs) return { code: isMissed(writer, thresholds) ? 'READER_DEAD' : 'READER_CLOSED', reason: '' }
  const worst = worstLag(lag, thresholds)
  if (worst !== undefined) return { code: 'READER_LAGGING', ...worst }
  return { code: lag.messages === 0 || lag.bytes === 0 ? 'READER_WAITING' : 'READER_RUNNING', reason: '' }
}

/** While nothing is written a reader that does not run is missed by nothing. */
function isMissed(writer: WriterState, { optional }: ReaderThresholds): boolean {
  return optional !== true && writer.word !== 'closed' && writer.word !== 'unknown'
}

function savedLately({ lock, lastHeartbeatNs }: ReaderInspection, { inspection, measured }: ReaderContext): boolean {
  if (lock.held !== false) return false
  if (measured !== undefined) return measured.saved
  if (inspection.hasExtensions || lastHeartbeatNs === undefined) return false
  const age = inspection.inspectedNs - lastHeartbeatNs
  return age >= 0n && age < SAVED_LATELY_NS
}

function worstLag(lag: LagState, limits: ReaderThresholds): { severity: StateSeverity; reason: string } | undefined {
  const arrival = lag.arrivalNs === null ? null : Number(lag.arrivalNs) / 1e9
  const own = lag.ownNs === null ? null : Number(lag.ownNs) / 1e9
  // Messages and bytes stand in the detail of every reader.
  const verdicts: readonly { readonly severity: StateSeverity; readonly reason: () => string }[] = [
    { severity: judgeUpper(lag.messages, limits.lagMessages), reason: () => '' },
    { severity: judgeUpper(lag.bytes, limits.lagBytes), reason: () => '' },
    { severity: judgeUpper(arrival, limits.lagSeconds), reason: () => `unread for ${formatSeconds(arrival ?? 0)}` },
    { severity: judgeUpper(own, limits.ownLagSeconds), reason: () => `${formatSeconds(own ?? 0)} by the messages' times` },
  ]
  const worst = verdicts.find(({ severity }) => severity === 'critical') ?? verdicts.find(({ severity }) => severity !== 'ok')
  return worst && { severity: worst.severity, reason: worst.reason() }
}

function behind({ messages }: LagState, code: StateCode): string {
  if (messages === null) return code === 'READER_BAD' ? '' : 'lag unknown'
  if (messages === 0) return code === 'READER_WAITING' || code === 'READER_CLOSED' ? '' : 'caught up'
  return `${countOf(messages, 'message')} behind`
}

function lagOf(reader: ReaderInspection, { inspection, measured }: ReaderContext): LagState {
  const { lag } = reader
  const messages = lag?.messages ?? null
  const bytes = lag?.bytes ?? null
  const ownNs = lag?.ns ?? null
  if (messages === 0 || bytes === 0)
    return { messages, bytes, arrivalNs: 0n, arrivalKnownBy: 'commit', ownNs, oldestUnreadNs: null }
  const { lastTimestampNs } = inspection.head
  const oldestUnreadNs = lastTimestampNs === undefined || ownNs === null ? null : lastTimestampNs - ownNs
  const estimate = estimateArrival(reader, inspection)
  const seenNs = measured?.arrivalNs
  const isSeen =
    seenNs !== undefined && (measured?.arrivalIsBound === false || estimate.arrivalNs === null || seenNs >= estimate.arrivalNs)
  const arrival: Arrival = isSeen ? { arrivalNs: seenNs, arrivalKnownBy: 'looks' } : estimate
  return { messages, bytes, ...arrival, ownNs, oldestUnreadNs }
}
