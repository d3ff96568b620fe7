import type { DirectoryPath } from '@chronicle-ts/core'
import { checkOptions } from '@chronicle-ts/core/internal'
import type { ColdRecord } from '../cold/cold-item.js'
import type { ColdReader } from '../cold/cold-reader.js'
import { type ColdReaderOptions, openColdReader } from '../cold/open-cold-reader.js'
import { ReadGaps } from './read-gaps.js'

/** Powers of two up to 4 GiB. */
const BUCKETS = 33
const STEP_ITEMS = 8192

/** Messages of one type. */
export interface TypeStatistics {
  readonly typeId: number
  readonly count: number
  readonly payloadBytes: number
  readonly smallest: number
  readonly largest: number
  /** Upper bounds of the sizes of that share of the messages: a power of two, or the largest size. */
  readonly median: number
  readonly p99: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstTimestampNs: bigint
  readonly lastTimestampNs: bigint
}

interface Tally {
  count: number
  payloadBytes: number
  smallest: number
  largest: number
  readonly buckets: Uint32Array
  readonly firstSequence: number
  lastSequence: number
  readonly firstTimestampNs: bigint
  lastTimestampNs: bigint
}

/** Counts the messages of a queue by type and size, with `pread` only. Works in steps. */
export class QueueStatistics {
  readonly #reader: ColdReader
  readonly #types = new Map<number, Tally>()
  readonly #gaps = new ReadGaps()

  /** @throws NotFoundError, PermissionError, NotAQueueError. */
  constructor(directory: DirectoryPath, options: Pick<ColdReaderOptions, 'from'> = {}) {
    checkOptions(options, { from: true })
    this.#reader = openColdReader(directory, { ...options, to: 'present', checkPayloads: false })
  }

  /** Counts some thousand messages. Returns whether there are more. */
  step(): boolean {
    for (let count = 0; count < STEP_ITEMS; count += 1) {
      const item = this.#reader.next()
      if (item === undefined) return false
      if (item.kind === 'record') this.#count(item)
      else if (item.kind === 'problem') this.#gaps.add(item.problem)
    }
    return true
  }

  /** Places where there is damage instead of a message. */
  get problems(): number {
    return this.#gaps.problems
  }

  /** Segments that retention deleted before they could be read. */
  get retiredSegments(): number {
    return this.#gaps.retiredSegments
  }

  /** The most frequent type first. */
  get types(): TypeStatistics[] {
    const rows = [...this.#types].map(([typeId, { buckets, ...tally }]) => ({
      typeId,
      ...tally,
      median: Math.min(tally.largest, quantile(buckets, tally.count, 0.5)),
      p99: Math.min(tally.largest, quantile(buckets, tally.count, 0.99)),
    }))
    return rows.sort((a, b) => b.count - a.count || a.typeId - b.typeId)
  }

  close(): void {
    this.#reader.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #count({ typeId, sequence, timestampNs, payload }: ColdRecord): void {
    let tally = this.#types.get(typeId)
    if (tally === undefined) {
      tally = {
        count: 0,
        payloadBytes: 0,
        smallest: payload.length,
        largest: payload.length,
        buckets: new Uint32Array(BUCKETS),
        firstSequence: sequence,
        lastSequence: sequence,
        firstTimestampNs: timestampNs,
        lastTimestampNs: timestampNs,
      }
      this.#types.set(typeId, tally)
    }
    tally.count += 1
    tally.payloadBytes += payload.length
    tally.smallest = Math.min(tally.smallest, payload.length)
    tally.largest = Math.max(tally.largest, payload.length)
    tally.lastSequence = sequence
    tally.lastTimestampNs = timestampNs
    const bucket = bucketOf(payload.length)
    tally.buckets[bucket] = (tally.buckets[bucket] ?? 0) + 1
  }
}

/** 0 for 0 and 1 byte, 1 for 2, 2 for 3 and 4, 3 for 5 to 8, ... */
function bucketOf(length: number): number {
  return length <= 1 ? 0 : Math.min(BUCKETS - 1, 32 - Math.clz32(length - 1))
}

function quantile(buckets: Uint32Array, count: number, share: number): number {
  let seen = 0
  for (const [bucket, inside] of buckets.entries()) {
    seen += inside
    if (seen >= count * share) return 2 ** bucket
  }
  return 0
}
