import type { SurveyedReader } from '../positions/reader-survey.js'
import type { RetentionOptions } from './retention-options.js'

export interface RetentionState {
  /** The segments from the lowest to the head, ascending. */
  readonly segmentIds: readonly number[]
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
  if (rules.readerTtlMs !== undefined && !reader.running && silentMs(reader, state) > rules.readerTtlMs) return 'readerTtlMs'
  const lagBytes = (state.headSegmentId - reader.segmentId) * state.segmentSize + state.headOffset - reader.offset
  return rules.maxReaderLagBytes !== undefined && lagBytes > rules.maxReaderLagBytes ? 'maxReaderLagBytes' : undefined
}

function silentMs(reader: SurveyedReader, state: RetentionState): number {
  return Number(state.nowNs - reader.heartbeatNs) / 1e6
}

/**
 * What the rules say about each segment, after one look at the readers. Pure: all that it knows stands in its arguments. The readers are sorted once, so that judging many
 * segments costs as much as there are segments and readers, not their product.
 */
export class RetentionPlan {
  readonly #state: RetentionState
  readonly #rules: RetentionOptions
  /** Readers that pin, by the segment that they stand in. */
  readonly #pinning: readonly SurveyedReader[]
  readonly released: readonly ReleasedReader[]
  /** The names of the first so many of the pinning readers, kept because neighbouring segments share them. */
  #pinnedBy: readonly string[] = []
  #indices: ReadonlyMap<number, number> | undefined

  constructor(state: RetentionState, rules: RetentionOptions) {
    const { pinning, released } = releaseReaders(state, rules)
    this.#state = state
    this.#rules = rules
    this.#pinning = pinning.sort((one, other) => one.segmentId - other.segmentId)
    this.released = released
  }

  judge(segmentId: number): RetentionVerdict {
    const { headSegmentId } = this.#state
    if (segmentId >= headSegmentId) return kept(segmentId, [], 'it is the head')
    const pinnedBy = this.#pinnedAt(segmentId)
    if (pinnedBy.length > 0) return kept(segmentId, pinnedBy, 'readers have not committed past it')
    const { minSegments } = this.#rules
    if (minSegments !== undefined && headSegmentId - segmentId < minSegments)
      return kept(segmentId, [], `minSegments=${minSegments}`)
    const rule = this.#rulingRule(segmentId)
    if (rule !== undefined) return { segmentId, deletable: true, pinnedBy: [], reason: rule }
    const nobody = this.#state.readers.length === 0 ? 'no reader is registered, and ' : ''
    return kept(segmentId, [], `${nobody}no rule lets it go`)
  }

  /** The lowest segment that stays: all from the first one to it may go. */
  firstKept(): number {
    const { segmentIds, headSegmentId } = this.#state
    const first = segmentIds.find((id) => !this.judge(id).deletable)
    return first ?? Math.max(segmentIds[0] ?? 0, headSegmentId)
  }

  /** The names of the readers that stand in this segment or below it, in the order of their positions. */
  #pinnedAt(segmentId: number): readonly string[] {
    let count = this.#pinnedBy.length
    while (count > 0 && (this.#pinning[count - 1] as SurveyedReader).segmentId > segmentId) count--
    while (count < this.#pinning.length && (this.#pinning[count] as SurveyedReader).segmentId <= segmentId) count++
    if (count !== this.#pinnedBy.length) this.#pinnedBy = this.#pinning.slice(0, count).map(({ name }) => name)
    return this.#pinnedBy
  }

  #rulingRule(segmentId: number): string | undefined {
    const { segmentSize, readers, ageMsOf } = this.#state
    const { consumed, maxSegments, maxBytes, maxAgeMs } = this.#rules
    const count = this.#countFrom(segmentId)
    if (consumed && readers.length > 0) return 'every registered reader has committed past it'
    if (maxSegments !== undefined && count > maxSegments) return `maxSegments=${maxSegments}`
    if (maxBytes !== undefined && count * segmentSize > maxBytes) return `maxBytes=${maxBytes}`
    if (maxAgeMs !== undefined && ageMsOf(segmentId) > maxAgeMs) return `maxAgeMs=${maxAgeMs}`
    return undefined
  }

  /** Segments from this one to the head. Ids follow each other, but in a queue that is damaged, or went on far above its lost segments. */
  #countFrom(segmentId: number): number {
    const { segmentIds, headSegmentId } = this.#state
    const count = headSegmentId - segmentId + 1
    if (segmentIds.length >= headSegmentId - (segmentIds[0] ?? headSegmentId) + 1) return count
    this.#indices ??= new Map(segmentIds.map((id, index) => [id, index]))
    return segmentIds.length - (this.#indices.get(segmentId) ?? segmentIds.length - count)
  }

  /**
   * Milliseconds until the lowest segment that stays can go by the passing of time alone; `Infinity` when only an event lets it go: a reader that moves on, a roll. A running
   * reader may be killed, which is not an event: it is looked at every `probeMs`.
   */
  dueInMs(segmentId: number, probeMs: number): number {
    if (segmentId >= this.#state.headSegmentId) return Number.POSITIVE_INFINITY
    const { readerTtlMs, maxAgeMs } = this.#rules
    const pinning = this.#pinning.slice(0, this.#pinnedAt(segmentId).length)
    if (pinning.length === 0)
      return maxAgeMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, maxAgeMs - this.#state.ageMsOf(segmentId))
    if (readerTtlMs === undefined) return Number.POSITIVE_INFINITY
    // All of them have to go, and each is looked at when its time is over.
    return Math.min(...pinning.map((reader) => this.#releaseInMs(reader, readerTtlMs, probeMs)))
  }

  #releaseInMs(reader: SurveyedReader, readerTtlMs: number, probeMs: number): number {
    if (reader.state !== 'valid') return Number.POSITIVE_INFINITY
    return reader.running ? Math.max(readerTtlMs, probeMs) : Math.max(0, readerTtlMs - silentMs(reader, this.#state))
  }
}

function kept(segmentId: number, pinnedBy: readonly string[], reason: string): RetentionVerdict {
  return { segmentId, deletable: false, pinnedBy, reason }
}
