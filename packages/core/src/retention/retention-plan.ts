import type { RetentionOptions } from '../writer/writer-options.js'
import type { SurveyedReader } from './reader-survey.js'

/** One segment below the head, as the plan sees it. */
export interface RetainedSegment {
  readonly segmentId: number
  /** Milliseconds since its last message, as far as that is known. */
  readonly ageMs: number
}

export interface RetentionState {
  readonly firstSegmentId: number
  readonly headSegmentId: number
  readonly headOffset: number
  readonly segmentSize: number
  readonly readers: readonly SurveyedReader[]
  readonly nowNs: bigint
  /** Age of a segment below the head; asked only when a rule needs it. */
  readonly ageMsOf: (segmentId: number) => number
}

/** Why a segment stays or may go. */
export interface RetentionVerdict {
  readonly segmentId: number
  readonly deletable: boolean
  /** The readers that need it. */
  readonly pinnedBy: readonly string[]
  /** The rule that lets it go, or what keeps it: a sentence for people. */
  readonly reason: string
}

/** A reader that pins nothing any more, and why. */
export interface ReleasedReader {
  readonly reader: SurveyedReader
  readonly reason: 'readerTtlMs' | 'maxReaderLagBytes'
}

/** Splits readers into those that pin what they have not read and those that the policy lets go. A reader that is just registering always pins. */
export function releaseReaders(
  state: RetentionState,
  rules: RetentionOptions,
): { pinning: SurveyedReader[]; released: ReleasedReader[] } {
  const pinning: SurveyedReader[] = []
  const released: ReleasedReader[] = []
  for (const reader of state.readers) {
    const reason = reader.state === 'valid' ? releaseReason(reader, state, rules) : undefined
    if (reason === undefined) pinning.push(reader)
    else released.push({ reader, reason })
  }
  return { pinning, released }
}

function releaseReason(
  reader: SurveyedReader,
  state: RetentionState,
  rules: RetentionOptions,
): ReleasedReader['reason'] | undefined {
  const silentMs = Number(state.nowNs - reader.heartbeatNs) / 1e6
  if (rules.readerTtlMs !== undefined && !reader.running && silentMs > rules.readerTtlMs) return 'readerTtlMs'
  const lagBytes = (state.headSegmentId - reader.segmentId) * state.segmentSize + state.headOffset - reader.offset
  return rules.maxReaderLagBytes !== undefined && lagBytes > rules.maxReaderLagBytes ? 'maxReaderLagBytes' : undefined
}

/**
 * Decides over the lowest segment that exists; segments go strictly in order. Pure: all that it knows stands in its arguments.
 */
export function judgeSegment(segmentId: number, state: RetentionState, rules: RetentionOptions): RetentionVerdict {
  if (segmentId >= state.headSegmentId) return kept(segmentId, [], 'it is the head')
  const { pinning } = releaseReaders(state, rules)
  const pinnedBy = pinning.filter((reader) => reader.segmentId <= segmentId).map((reader) => reader.name)
  if (pinnedBy.length > 0) return kept(segmentId, pinnedBy, 'readers have not committed past it')
  const following = state.headSegmentId - segmentId
  if (rules.minSegments !== undefined && following < rules.minSegments)
    return kept(segmentId, [], `minSegments=${rules.minSegments}`)
  const rule = rulingRule(segmentId, state, rules)
  if (rule === undefined) return kept(segmentId, [], 'no rule lets it go')
  return { segmentId, deletable: true, pinnedBy: [], reason: rule }
}

function rulingRule(segmentId: number, state: RetentionState, rules: RetentionOptions): string | undefined {
  const count = state.headSegmentId - segmentId + 1
  if (rules.consumed && state.readers.length > 0) return 'every registered reader has committed past it'
  if (rules.maxSegments !== undefined && count > rules.maxSegments) return `maxSegments=${rules.maxSegments}`
  if (rules.maxBytes !== undefined && count * state.segmentSize > rules.maxBytes) return `maxBytes=${rules.maxBytes}`
  if (rules.maxAgeMs !== undefined && state.ageMsOf(segmentId) > rules.maxAgeMs) return `maxAgeMs=${rules.maxAgeMs}`
  return undefined
}

function kept(segmentId: number, pinnedBy: readonly string[], reason: string): RetentionVerdict {
  return { segmentId, deletable: false, pinnedBy, reason }
}
