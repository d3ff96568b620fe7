import { setImmediate as turn } from 'node:timers/promises'
import { type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import { checkOptions, checkSignal, MILLISECONDS, NANOSECONDS, type OptionNames, pathOf } from '@chronicle-ts/core/internal'
import { openColdReader } from '../cold/open-cold-reader.js'
import { listQueue } from '../cold/queue-listing.js'

const TRACE_ID = /^[0-9a-f]{32}$/i

/** Time between two turns of the event loop. */
const SLICE_MS = 10

/** One message of a trace. */
export interface TraceHop {
  readonly directory: string
  readonly sequence: number
  readonly timestampNs: bigint
  readonly typeId: number
  readonly length: number
  /** The span that appended it, hexadecimal. */
  readonly spanId: string
  readonly sampled: boolean
}

export interface FoundTrace {
  readonly traceId: string
  /** By time; of the same time by queue and sequence. */
  readonly hops: readonly TraceHop[]
  /** Messages that were looked at. */
  readonly looked: number
  /** Everything was looked at. False when the time was over before that. */
  readonly isComplete: boolean
  /** Queues that could not be read. */
  readonly unreadable: readonly string[]
}

export interface FindTraceOptions {
  /** Messages older than this are left out. Nanoseconds since 1970. */
  readonly sinceNs?: bigint
  /** How long to search at most. Default: until everything was looked at. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

const NAMES: OptionNames<FindTraceOptions> = { sinceNs: NANOSECONDS, timeoutMs: MILLISECONDS, signal: true }

/**
 * Rebuilds the way of a trace from the queues themselves: every message that was appended with a trace context has its ids and its time. The newest segments of all queues come first, so that a search
 * that runs out of time has found what is recent.
 *
 * @param traceId 32 hexadecimal digits.
 */
export async function findTrace(
  places: readonly DirectoryPath[],
  traceId: string,
  options: FindTraceOptions = {},
): Promise<FoundTrace> {
  checkOptions(options, NAMES)
  checkSignal(options.signal)
  if (!Array.isArray(places)) throw new InvalidArgumentError({ argument: 'places', value: places, expected: 'an array of paths' })
  const directories = places.map((place, index) => pathOf(place, `places[${index}]`))
  if (!(typeof traceId === 'string' && TRACE_ID.test(traceId)))
    throw new InvalidArgumentError({ argument: 'traceId', value: traceId, expected: '32 hexadecimal digits' })
  const { sinceNs = 0n, timeoutMs = Number.POSITIVE_INFINITY, signal } = options
  const begunMs = performance.now()
  const isOver = () => signal?.aborted === true || performance.now() - begunMs > timeoutMs
  const search = new TraceSearch(Buffer.from(traceId, 'hex'), { sinceNs, isOver })
  const unreadable: string[] = []
  const queues = directories.map((directory) => ({ directory, segmentIds: segmentIdsOf(directory, unreadable) }))
  while (!search.isOver && queues.some(({ segmentIds }) => segmentIds.length > 0)) {
    for (const { directory, segmentIds } of queues) {
      const segmentId = segmentIds.pop()
      if (segmentId === undefined) continue
      try {
        const newestNs = await search.searchSegment(directory, segmentId)
        // Times of one queue go up, but for callers that give their own: an older segment has nothing newer.
        if (newestNs > 0n && newestNs < sinceNs) segmentIds.length = 0
      } catch {
        // The queue was removed while the others were searched.
        segmentIds.length = 0
        unreadable.push(directory)
      }
      if (search.isOver) break
    }
  }
  const { hops, looked } = search
  return { traceId, hops: hops.sort(byTime), looked, isComplete: !search.isOver, unreadable }
}

class TraceSearch {
  readonly hops: TraceHop[] = []
  looked = 0
  /** The time was over before everything was looked at. */
  isOver = false
  #sliceMs = performance.now()

  constructor(
    private readonly wanted: Buffer,
    private readonly options: { readonly sinceNs: bigint; readonly isOver: () => boolean },
  ) {}

  /** Searches one segment; returns the newest time in it. @throws as `openColdReader`. */
  async searchSegment(directory: string, segmentId: number): Promise<bigint> {
    let newestNs = 0n
    using reader = openColdReader(directory, { from: { segmentId }, to: 'present', checkPayloads: false })
    for (const item of reader) {
      if (item.segmentId !== segmentId) break
      if (item.kind !== 'record') continue
      this.looked += 1
      newestNs = item.timestampNs > newestNs ? item.timestampNs : newestNs
      const { trace } = item
      if (trace !== undefined && item.timestampNs >= this.options.sinceNs && this.wanted.equals(trace.traceId))
        this.hops.push(hopOf(directory, item, trace))
      if (this.looked % 512 === 0 && performance.now() - this.#sliceMs > SLICE_MS) {
        await turn()
        this.#sliceMs = performance.now()
        this.isOver = this.options.isOver()
        if (this.isOver) break
      }
    }
    return newestNs
  }
}

function segmentIdsOf(directory: string, unreadable: string[]): number[] {
  try {
    return [...listQueue(directory).segmentIds]
  } catch {
    unreadable.push(directory)
    return []
  }
}

function hopOf(
  directory: string,
  record: { readonly sequence: number; readonly timestampNs: bigint; readonly typeId: number; readonly payload: Buffer },
  trace: { readonly spanId: Uint8Array; readonly sampled: boolean },
): TraceHop {
  const { sequence, timestampNs, typeId, payload } = record
  const spanId = Buffer.from(trace.spanId).toString('hex')
  return { directory, sequence, timestampNs, typeId, length: payload.length, spanId, sampled: trace.sampled }
}

function byTime(one: TraceHop, other: TraceHop): number {
  if (one.timestampNs !== other.timestampNs) return one.timestampNs < other.timestampNs ? -1 : 1
  return one.directory === other.directory ? one.sequence - other.sequence : one.directory < other.directory ? -1 : 1
}
