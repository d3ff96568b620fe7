import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { type Delivered, HandClocks, type MemoryMerge, memoryMerge, take } from '../memory/memory-merge.js'
import { MemorySource } from '../memory/memory-source.js'

/** What happens in one step: time passes, then one writer does something, then the merge is asked for some messages. */
export interface Step {
  readonly passNs: number
  readonly writer: number
  readonly act: 'append' | 'heartbeat' | 'close' | 'open'
  /** How much older than now the message says it is. */
  readonly backNs: number
  readonly reads: number
}

export interface Schedule {
  readonly keys: readonly string[]
  readonly steps: readonly Step[]
}

export const LATENESS_NS = 20n

export const schedules: fc.Arbitrary<Schedule> = fc.record({
  keys: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 }),
  steps: fc.array(
    fc.record({
      passNs: fc.integer({ min: 0, max: 8 }),
      writer: fc.nat(11),
      act: fc.constantFrom<Step['act']>('append', 'append', 'append', 'append', 'heartbeat', 'heartbeat', 'close', 'open'),
      backNs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: Number(LATENESS_NS) })),
      reads: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 }), fc.constant(100)),
    }),
    { maxLength: 150 },
  ),
})

/** The writers' side of a schedule, one step after the other. The clock starts high enough for both halves of a timestamp to matter. */
export class Play {
  readonly clocks = new HandClocks()
  readonly sources: MemorySource[]
  readonly #openedNs: bigint[]

  constructor(schedule: Schedule) {
    this.clocks.nowNs = 0xabcd_ffff_ff00n
    this.sources = schedule.keys.map(() => new MemorySource())
    this.#openedNs = schedule.keys.map(() => this.clocks.nowNs)
    for (const source of this.sources) source.heartbeat(this.clocks.nowNs)
  }

  act(step: Step): void {
    for (const _ of this.actInParts(step));
  }

  /** The same, with a pause after each store that another process can see. */
  *actInParts({ passNs, writer, act, backNs }: Step): Generator<void, void, void> {
    const { clocks } = this
    const index = writer % this.sources.length
    const source = this.sources[index] as MemorySource
    clocks.nowNs += BigInt(passNs)
    if (act === 'open') {
      yield* this.#open(source, index)
    } else if (source.isWriterOpen) {
      if (act === 'close') source.closeWriter()
      else if (act === 'heartbeat') source.heartbeat(clocks.nowNs)
      else yield* this.#append(source, index, backNs)
    }
  }

  /** Closes all writers and lets so much time pass that no source's lateness counts. */
  end(): void {
    for (const source of this.sources) source.closeWriter()
    this.clocks.nowNs += 1_000_000_000_000n
  }

  /** Time passes between the clock's reading and the stores, and may pass between these. */
  *#append(source: MemorySource, index: number, backNs: number): Generator<void, void, void> {
    const { nowNs } = this.clocks
    const timestampNs = this.#stamp(index, backNs)
    yield
    this.clocks.nowNs += 3n
    source.publish(timestampNs)
    yield
    source.heartbeat(nowNs)
  }

  /** Opening takes time, and a new writer has nothing to say about the time before it. */
  *#open(source: MemorySource, index: number): Generator<void, void, void> {
    if (source.isWriterOpen) return
    this.clocks.nowNs += 1n
    this.#openedNs[index] = this.clocks.nowNs
    source.openWriter()
    yield
    this.clocks.nowNs += 2n
    source.heartbeat(this.clocks.nowNs)
  }

  #stamp(index: number, backNs: number): bigint {
    const opened = this.#openedNs[index] as bigint
    const stamp = this.clocks.nowNs - BigInt(backNs)
    return stamp < opened ? opened : stamp
  }
}

export interface Merged {
  readonly delivered: readonly Delivered[]
  readonly merge: MemoryMerge
  readonly play: Play
}

/** Merges while the writers write, as the schedule says; then the rest. */
export function mergeLive(
  schedule: Schedule,
  options: { readonly mode: 'eager' | 'ordered'; readonly holdBackMs?: number },
): Merged {
  const play = new Play(schedule)
  const merge = memoryMerge({ ...options, clocks: play.clocks })
  for (const [i, key] of schedule.keys.entries()) merge.add(key, play.sources[i] as MemorySource, LATENESS_NS)
  const delivered: Delivered[] = []
  const takeUpTo = (limit: number): void => {
    for (let count = 0; count < limit; count++) {
      const one = take(merge)
      if (one === undefined) return
      delivered.push(one)
    }
  }
  for (const step of schedule.steps) {
    play.act(step)
    takeUpTo(step.reads)
  }
  play.end()
  takeUpTo(Number.POSITIVE_INFINITY)
  return { delivered, merge, play }
}

/**
 * Merges in one thread of execution while the writers are in another: before each load of the merge they get on by as many stores as `pace` says next.
 * Nothing that the merge does is one step for them.
 */
export function mergeInterleaved(schedule: Schedule, pace: readonly number[]): Merged {
  const play = new Play(schedule)
  const parts = (function* () {
    for (const step of schedule.steps) {
      yield* play.actInParts(step)
      yield
    }
  })()
  let loads = 0
  let isOver = false
  const writersGetOn = (): void => {
    for (let count = pace[loads++ % pace.length] ?? 1; count > 0 && !isOver; count--) isOver = parts.next().done === true
  }
  play.clocks.beforeLoad = writersGetOn
  play.clocks.hurryMs = 1000
  for (const source of play.sources) source.beforeLoad = writersGetOn
  const merge = memoryMerge({ mode: 'ordered', clocks: play.clocks })
  for (const [i, key] of schedule.keys.entries()) merge.add(key, play.sources[i] as MemorySource, LATENESS_NS)
  const delivered: Delivered[] = []
  while (!isOver) {
    const one = take(merge)
    if (one !== undefined) delivered.push(one)
  }
  play.end()
  for (let one = take(merge); one !== undefined; one = take(merge)) delivered.push(one)
  return { delivered, merge, play }
}

/** Merges when everything is over, with the sources added in another order: it must not matter. */
export function mergeReplay(schedule: Schedule, mode: 'eager' | 'ordered'): Merged {
  const play = played(schedule)
  play.end()
  const merge = memoryMerge({ mode, clocks: play.clocks })
  for (const [i, key] of [...schedule.keys.entries()].reverse()) merge.add(key, play.sources[i] as MemorySource, 0n)
  const delivered: Delivered[] = []
  for (let one = take(merge); one !== undefined; one = take(merge)) delivered.push(one)
  return { delivered, merge, play }
}

export type Place = Omit<Delivered, 'late'>

/** The order by its definition: every message sorted by (highest timestamp of its source so far, key, sequence). No merge, no tree. */
export function definedOrder(schedule: Schedule): Place[] {
  const play = played(schedule)
  const all = schedule.keys.flatMap((key, i) => placesOf(key, play.sources[i] as MemorySource))
  all.sort((a, b) => compare(a.mergeNs, b.mergeNs) || compare(a.place.key, b.place.key) || a.place.sequence - b.place.sequence)
  return all.map(({ place }) => place)
}

function played(schedule: Schedule): Play {
  const play = new Play(schedule)
  for (const step of schedule.steps) play.act(step)
  return play
}

function placesOf(key: string, source: MemorySource): { place: Place; mergeNs: bigint }[] {
  const places: { place: Place; mergeNs: bigint }[] = []
  let mergeNs = 0n
  for (let message = source.next(); message !== undefined; message = source.next()) {
    const { timestampNs, sequence } = message
    if (timestampNs > mergeNs) mergeNs = timestampNs
    places.push({ place: { key, sequence, timestampNs }, mergeNs })
  }
  return places
}

function compare<T extends bigint | string>(a: T, b: T): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

export function placesOnly(delivered: readonly Delivered[]): Place[] {
  return delivered.map(({ key, sequence, timestampNs }) => ({ key, sequence, timestampNs }))
}

/** SHA-256 over keys, sequences, timestamps and flags, in order. */
export function hashOf(delivered: readonly Delivered[]): string {
  const hash = createHash('sha256')
  for (const { key, sequence, timestampNs, late } of delivered) hash.update(`${key}\0${sequence}\0${timestampNs}\0${late}\n`)
  return hash.digest('hex')
}
