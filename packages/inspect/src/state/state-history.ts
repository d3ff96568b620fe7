import type { DirectoryPath } from '@chronicle-ts/core'
import { checkMilliseconds, checkOptions, type OptionNames } from '@chronicle-ts/core/internal'
import { FileMemory } from '../cold/file-memory.js'
import { INSPECT_NAMES, type InspectOptions, inspectQueue } from '../cold/inspect-queue.js'
import { readLockTable } from '../cold/lock-table.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import type { MeasuredReader } from './judge-reader.js'
import type { QueueState } from './queue-state.js'
import { SequenceTimes } from './sequence-times.js'
import { checkInspection, type Measured, STATE_NAMES, type StateOptions, stateOfQueue } from './state-of-queue.js'

/** How long looks are remembered: as far back as trends are drawn and times of arrival are known. */
export const HISTORY_MS = 15 * 60_000

/** Segments that a quick look opens, half of them at either end: one that was cut short shows, and a queue of thousands costs a millisecond. */
export const QUICK_SEGMENTS = 64

/** Rates are those of the last looks within this time. */
export const RATE_WINDOW_MS = 10_000

/** One look, for as long as rates reach back: the readers of fifteen minutes of looks at hundreds of queues would take a hundred megabytes. */
interface Look {
  readonly atMs: number
  readonly nextSequence: number
  /** By reader: the sequence that it reads next, and how often its file was saved. */
  readonly readers: ReadonlyMap<string, { readonly nextSequence: number | undefined; readonly generation: number | undefined }>
}

/** A point of a trend. */
export interface TrendPoint {
  /** By the monotonic clock. */
  readonly atMs: number
  /** `null` at the first look, which measures nothing. */
  readonly perSecond: number | null
  /** Of the reader that is furthest behind; `null` when unknown. */
  readonly lagMessages: number | null
}

const LOOK_NAMES: OptionNames<StateOptions & Pick<InspectOptions, 'segmentLimit'>> = {
  ...STATE_NAMES,
  segmentLimit: INSPECT_NAMES.segmentLimit,
}

/**
 * Remembers the looks at one queue during the last fifteen minutes, so that rates, times of arrival and times to catch up are measured and not guessed. Uses the monotonic clock: a system clock
 * that jumps changes nothing.
 */
export class StateHistory {
  /** What its looks read of files that have not changed since. */
  readonly memory = new FileMemory()
  readonly #looks: Look[] = []
  readonly #arrivals = new SequenceTimes(HISTORY_MS)
  readonly #trend: TrendPoint[] = []
  #createdNs: bigint | undefined

  /** Rates and lags of earlier looks, oldest first. */
  get trend(): readonly TrendPoint[] {
    return this.#trend
  }

  /** Judges a look with what earlier looks saw. @throws `ERR_INVALID_ARGUMENT`. */
  state(inspection: QueueInspection, options: StateOptions = {}, nowMs = performance.now()): QueueState {
    checkOptions(options, STATE_NAMES)
    const measured = this.add(inspection, nowMs)
    return stateOfQueue(inspection, { ...options, ...(measured !== undefined && { measured }) })
  }

  /** Looks at the queue's directory and judges what it finds. @throws as `inspectQueue`. */
  look(
    directory: DirectoryPath,
    options: StateOptions & Pick<InspectOptions, 'segmentLimit'> = {},
  ): { inspection: QueueInspection; state: QueueState } {
    checkOptions(options, LOOK_NAMES)
    const { segmentLimit = QUICK_SEGMENTS, locks = readLockTable(), ...rest } = options
    const inspection = inspectQueue(directory, { quick: true, segmentLimit, locks, memory: this.memory })
    return { inspection, state: this.state(inspection, { ...rest, locks }) }
  }

  /** Takes one look into account; `undefined` after the first one, which measures nothing. @throws `ERR_INVALID_ARGUMENT`. */
  add(inspection: QueueInspection, nowMs = performance.now()): Measured | undefined {
    checkInspection(inspection)
    checkMilliseconds('nowMs', nowMs)
    const { nextSequence } = inspection.head
    if (nextSequence === undefined) return undefined
    this.#forgetOther(inspection, nextSequence)
    const readers = new Map(
      inspection.readers.map(({ name, lag, generation }) => {
        const unread = lag?.messages
        return [name, { nextSequence: unread === undefined ? undefined : nextSequence - unread, generation }] as const
      }),
    )
    const look: Look = { atMs: nowMs, nextSequence, readers }
    this.#looks.push(look)
    // Looks may be further apart than rates reach back: the one before this stays longer.
    const isOld = () => (this.#looks[0]?.atMs ?? nowMs) < nowMs - (this.#looks.length > 2 ? RATE_WINDOW_MS : HISTORY_MS)
    while (isOld()) this.#looks.shift()
    this.#arrivals.add(nextSequence, nowMs)
    const measured = this.#looks.length < 2 ? undefined : this.#measure(look)
    this.#addToTrend(look, measured?.rates.perSecond ?? null)
    return measured
  }

  /** A queue that was made again, or lost messages, has nothing to do with the earlier looks. */
  #forgetOther({ control }: QueueInspection, nextSequence: number): void {
    const last = this.#looks.at(-1)
    const created = control?.createdNs
    const isOther = created !== undefined && this.#createdNs !== undefined && created !== this.#createdNs
    if (isOther || (last !== undefined && nextSequence < last.nextSequence)) {
      this.#looks.length = 0
      this.#arrivals.clear()
    }
    this.#createdNs = created
  }

  #measure(look: Look): Measured {
    const base = this.#looks.find(({ atMs }) => atMs >= look.atMs - RATE_WINDOW_MS && atMs < look.atMs) ?? this.#looks.at(-2)
    const from = base ?? look
    const seconds = Math.max((look.atMs - from.atMs) / 1000, 1e-6)
    const perSecond = (look.nextSequence - from.nextSequence) / seconds
    const readers = new Map(
      [...look.readers].map(([name, now]) => [name, this.#measureReader(name, { look, from, seconds, perSecond, now })] as const),
    )
    const windowNs = BigInt(Math.round(seconds * 1e9))
    return { rates: { windowNs, perSecond }, movedLately: look.nextSequence > from.nextSequence, readers }
  }

  #measureReader(
    name: string,
    facts: {
      readonly look: Look
      readonly from: Look
      readonly seconds: number
      readonly perSecond: number
      readonly now: { readonly nextSequence: number | undefined; readonly generation: number | undefined }
    },
  ): MeasuredReader {
    const { look, from, seconds, now } = facts
    const before = from.readers.get(name)
    // Since the look before this one: a reader that was killed is not running for as long as rates remember it.
    const last = this.#looks.at(-2)?.readers.get(name)
    const isKnown = now.nextSequence !== undefined && before?.nextSequence !== undefined
    const perSecond = isKnown ? Math.max(0, (now.nextSequence - before.nextSequence) / seconds) : null
    return {
      perSecond,
      catchUpSeconds: this.#catchUpSeconds(look, now.nextSequence, { perSecond, writtenPerSecond: facts.perSecond }),
      saved: last?.generation !== undefined && now.generation !== undefined && now.generation !== last.generation,
      ...this.#arrivalOf(now.nextSequence, look.atMs),
    }
  }

  #catchUpSeconds(
    look: Look,
    nextSequence: number | undefined,
    rates: { readonly perSecond: number | null; readonly writtenPerSecond: number },
  ): number | null {
    const { perSecond, writtenPerSecond } = rates
    if (nextSequence === undefined || perSecond === null) return null
    const unread = look.nextSequence - nextSequence
    // It has read everything that was there at the look before: what is unread has come since.
    const end = this.#looks.at(-2)?.nextSequence
    if (perSecond > 0 && end !== undefined && nextSequence >= end) return unread / perSecond
    const gain = perSecond - writtenPerSecond
    return gain > 0 ? unread / gain : null
  }

  #arrivalOf(sequence: number | undefined, nowMs: number): Pick<MeasuredReader, 'arrivalNs' | 'arrivalIsBound'> {
    if (sequence === undefined) return { arrivalNs: undefined, arrivalIsBound: true }
    const seen = this.#arrivals.arrivalOf(sequence)
    if (seen === undefined) return { arrivalNs: 0n, arrivalIsBound: false }
    return { arrivalNs: BigInt(Math.round((nowMs - seen.atMs) * 1e6)), arrivalIsBound: seen.isBound }
  }

  #addToTrend({ atMs, nextSequence, readers }: Look, perSecond: number | null): void {
    const lags = [...readers.values()].map((reader) =>
      reader.nextSequence === undefined ? undefined : nextSequence - reader.nextSequence,
    )
    const known = lags.filter((lag) => lag !== undefined)
    this.#trend.push({ atMs, perSecond, lagMessages: known.length === 0 ? null : Math.max(...known) })
    while ((this.#trend[0]?.atMs ?? 0) < atMs - HISTORY_MS) this.#trend.shift()
  }
}
