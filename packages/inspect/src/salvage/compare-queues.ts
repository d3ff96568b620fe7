import { isDeepStrictEqual } from 'node:util'
import type { DirectoryPath } from '@chronicle-ts/core'
import type { ColdRecord } from '../cold/cold-item.js'
import type { ColdReader } from '../cold/cold-reader.js'
import { openColdReader } from '../cold/open-cold-reader.js'
import { ReadGaps } from './read-gaps.js'

/** Sequences of one kind that follow each other. */
export interface DifferenceRange {
  /** `left`, `right`: only there; `payload`, `type`, `time`, `details`: there in both and different. Details are schema version, trace and source. */
  readonly kind: 'left' | 'right' | 'payload' | 'type' | 'time' | 'details'
  readonly from: number
  /** The sequence that follows the last one. */
  readonly to: number
}

export interface QueueComparison {
  /** Messages with this sequence in both, and equal. */
  readonly equal: number
  readonly different: number
  readonly onlyLeft: number
  readonly onlyRight: number
  readonly ranges: readonly DifferenceRange[]
  /** Ranges that are not listed. */
  readonly rangesOmitted: number
  /** Damage that either reader met. */
  readonly problems: number
  /** Segments of either queue that its retention deleted before they could be read. */
  readonly retiredSegments: number
}

const RANGES_KEPT = 1000
const STEP_PAIRS = 4096

/** Compares two queues message by message, by sequence, with `pread` only. Works in steps. */
export class QueueDifference {
  readonly #left: Side
  readonly #right: Side
  readonly #ranges: { kind: DifferenceRange['kind']; from: number; to: number }[] = []
  readonly #counts = { equal: 0, different: 0, onlyLeft: 0, onlyRight: 0 }
  #omitted = 0

  /** @throws NotFoundError, PermissionError, NotAQueueError. */
  constructor(left: DirectoryPath, right: DirectoryPath) {
    this.#left = new Side(left)
    try {
      this.#right = new Side(right)
    } catch (error) {
      this.#left.close()
      throw error
    }
  }

  /** Compares some thousand messages. Returns whether there are more. */
  step(): boolean {
    for (let count = 0; count < STEP_PAIRS; count += 1) {
      const left = this.#left.record
      const right = this.#right.record
      if (left === undefined && right === undefined) return false
      if (right === undefined || (left !== undefined && left.sequence < right.sequence)) this.#only('left', this.#left)
      else if (left === undefined || right.sequence < left.sequence) this.#only('right', this.#right)
      else this.#compare(left, right)
    }
    return true
  }

  get result(): QueueComparison {
    const [left, right] = [this.#left.gaps, this.#right.gaps]
    const problems = left.problems + right.problems
    const retiredSegments = left.retiredSegments + right.retiredSegments
    return { ...this.#counts, ranges: this.#ranges, rangesOmitted: this.#omitted, problems, retiredSegments }
  }

  close(): void {
    this.#left.close()
    this.#right.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #only(kind: 'left' | 'right', side: Side): void {
    const sequence = side.record?.sequence ?? 0
    if (kind === 'left') this.#counts.onlyLeft += 1
    else this.#counts.onlyRight += 1
    this.#note(kind, sequence)
    side.advance()
  }

  #compare(left: ColdRecord, right: ColdRecord): void {
    const kind = differenceOf(left, right)
    if (kind === undefined) this.#counts.equal += 1
    else {
      this.#counts.different += 1
      this.#note(kind, left.sequence)
    }
    this.#left.advance()
    this.#right.advance()
  }

  #note(kind: DifferenceRange['kind'], sequence: number): void {
    const last = this.#ranges.at(-1)
    if (last?.kind === kind && last.to === sequence) last.to = sequence + 1
    else if (this.#ranges.length < RANGES_KEPT) this.#ranges.push({ kind, from: sequence, to: sequence + 1 })
    else this.#omitted += 1
  }
}

function differenceOf(left: ColdRecord, right: ColdRecord): 'payload' | 'type' | 'time' | 'details' | undefined {
  if (left.typeId !== right.typeId) return 'type'
  if (!left.payload.equals(right.payload)) return 'payload'
  if (left.timestampNs !== right.timestampNs) return 'time'
  return hasSameDetails(left, right) ? undefined : 'details'
}

function hasSameDetails(left: ColdRecord, right: ColdRecord): boolean {
  if (left.schemaVersion !== right.schemaVersion) return false
  // Most records have neither: a deep comparison costs more than all the rest.
  const hasNone = (left.trace ?? left.source ?? right.trace ?? right.source) === undefined
  return hasNone || (isDeepStrictEqual(left.trace, right.trace) && isDeepStrictEqual(left.source, right.source))
}

class Side {
  readonly #reader: ColdReader
  #record: ColdRecord | undefined
  readonly gaps = new ReadGaps()

  constructor(directory: DirectoryPath) {
    this.#reader = openColdReader(directory, { to: 'present' })
    this.advance()
  }

  get record(): ColdRecord | undefined {
    return this.#record
  }

  advance(): void {
    for (;;) {
      const item = this.#reader.next()
      if (item?.kind === 'problem') this.gaps.add(item.problem)
      if (item === undefined || item.kind === 'record') {
        this.#record = item
        return
      }
    }
  }

  close(): void {
    this.#reader.close()
  }
}
