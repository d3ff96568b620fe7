import { createHash } from 'node:crypto'
import { RATE_WINDOW_MS, type TrendPoint } from '@chronicle-ts/inspect'
import { messageOfError } from '../../error-report.js'
import { RecordDecoder } from '../../messages/record-decoder.js'
import { displayName } from '../../queues/queue-names.js'
import { type QueueWatch, type WatchedQueue, WatchedQueues } from '../../queues/watched-queues.js'
import type { QueueSummary, Snapshot } from './snapshot.js'

/** How often the queues are looked at while a browser watches. */
export const LOOK_INTERVAL_MS = 1000

/** Points of a trend that a browser gets: more than pixels would only cost. */
const TREND_POINTS_MAX = 450

/** A line of a chart ends where nothing was looked at for longer than rates reach back: no browser watched. */
const GAP_MS = RATE_WINDOW_MS

const SPARK_POINTS = 40

/** The queues below a root for browsers: looked at once a second while at least one of them watches, and by ids instead of paths. */
export class QueueCatalog {
  readonly #watched: WatchedQueues
  readonly #decoders = new Map<string, RecordDecoder>()
  /** By directory: a hash for each queue at each look would take a twentieth of it. */
  readonly #ids = new Map<string, string>()
  #watch: QueueWatch | undefined
  #snapshot: Snapshot | undefined
  #snapshotText: string | undefined
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(readonly root: string) {
    this.#watched = new WatchedQueues(root)
  }

  /** The present snapshot; looks again when the last one is older than half an interval. Never throws: a root that is gone is reported in it. */
  snapshot(): Snapshot {
    this.#refresh()
    return this.#snapshot as Snapshot
  }

  /** The same as one line of JSON, made once for all browsers. */
  snapshotText(): string {
    this.#refresh()
    this.#snapshotText ??= JSON.stringify(this.#snapshot)
    return this.#snapshotText
  }

  /** A queue by its id. */
  find(id: string): WatchedQueue | undefined {
    this.#refresh()
    return this.#watch?.queues.find(({ directory }) => this.#idOf(directory) === id)
  }

  /** The decoder of a queue that was found. What is wrong with its registry is reported by `chron-cli schema`; here its messages are bytes. */
  decoderOf(directory: string): RecordDecoder {
    let decoder = this.#decoders.get(directory)
    if (decoder === undefined) {
      decoder = new RecordDecoder(directory, () => undefined)
      this.#decoders.set(directory, decoder)
    }
    return decoder
  }

  /** All queues with their ids. */
  all(): readonly { readonly id: string; readonly queue: WatchedQueue }[] {
    this.#refresh()
    return (this.#watch?.queues ?? []).map((queue) => ({ id: this.#idOf(queue.directory), queue }))
  }

  #refresh(): void {
    const nowMs = performance.now()
    if (this.#snapshot !== undefined && nowMs - this.#lookedMs < LOOK_INTERVAL_MS / 2) return
    this.#lookedMs = nowMs
    this.#snapshotText = undefined
    try {
      this.#watch = this.#watched.look()
      this.#snapshot = this.#snapshotOf(this.#watch)
      this.#forgetOthers(this.#watch)
    } catch (error) {
      this.#watch = undefined
      const nothing = { queues: [], unreadable: [], leftOut: 0 }
      this.#snapshot = { at: new Date().toISOString(), root: this.root, error: messageOfError(error), ...nothing }
    }
  }

  #snapshotOf({ queues, unreadable, leftOut }: QueueWatch): Snapshot {
    return {
      at: new Date().toISOString(),
      root: this.root,
      error: null,
      queues: queues.map((queue) => summaryOf(queue, { id: this.#idOf(queue.directory), root: this.root })),
      unreadable: unreadable.map(({ name, message }) => ({ name, message })),
      leftOut: leftOut.length,
    }
  }

  #idOf(directory: string): string {
    let id = this.#ids.get(directory)
    if (id === undefined) {
      id = idOf(directory)
      this.#ids.set(directory, id)
    }
    return id
  }

  #forgetOthers({ queues }: QueueWatch): void {
    const found = new Set(queues.map(({ directory }) => directory))
    for (const known of [this.#decoders, this.#ids])
      for (const directory of known.keys()) if (!found.has(directory)) known.delete(directory)
  }
}

/** The id of a queue: short, and the same at every start. */
export function idOf(directory: string): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 16)
}

/** A trend as a browser draws it: seconds before now, rates, lags. A point without values stands in a gap, so that no line is drawn through it. */
export function trendOf(points: readonly TrendPoint[]): {
  readonly seconds: number[]
  readonly rates: (number | null)[]
  readonly lags: (number | null)[]
} {
  const step = Math.max(1, Math.ceil(points.length / TREND_POINTS_MAX))
  const last = points.at(-1)?.atMs ?? 0
  const kept = withGaps(points.filter((_, index) => (points.length - 1 - index) % step === 0))
  return {
    seconds: kept.map(({ atMs }) => Math.round((atMs - last) / 100) / 10),
    rates: kept.map(({ perSecond }) => (perSecond === null ? null : Math.round(perSecond * 10) / 10)),
    lags: kept.map(({ lagMessages }) => lagMessages),
  }
}

function withGaps(points: readonly TrendPoint[]): TrendPoint[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1]?.atMs ?? point.atMs
    if (point.atMs - before <= GAP_MS) return [point]
    return [{ atMs: (before + point.atMs) / 2, perSecond: null, lagMessages: null }, point]
  })
}

function summaryOf(
  { directory, inspection, state, history }: WatchedQueue,
  { id, root }: { readonly id: string; readonly root: string },
): QueueSummary {
  const { word, severity, writer, readers, conditions, acknowledged, measured } = state
  return {
    id,
    name: displayName(root, directory),
    word,
    subject: conditions[0]?.subject ?? 'writer',
    severity,
    writer: { word: writer.word, severity: writer.severity },
    perSecond: measured === null ? null : Math.round(measured.perSecond * 10) / 10,
    nextSequence: inspection.head.nextSequence ?? null,
    bytes: inspection.segments.bytes,
    readers: readers.length,
    lagMessages: worst(readers.map(({ lag }) => lag.messages)),
    lagBytes: worst(readers.map(({ lag }) => lag.bytes)),
    lagSeconds: worst(readers.map(({ lag }) => (lag.arrivalNs === null ? null : Number(lag.arrivalNs) / 1e9))),
    conditions: conditions.map(
      ({ subject, reader, word: own, detail }) => `${reader ?? subject} ${own}${detail === '' ? '' : `: ${detail}`}`,
    ),
    acknowledged,
    spark: sparkOf(history.trend),
  }
}

function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}

function sparkOf(points: readonly TrendPoint[]): number[] {
  const step = Math.max(1, Math.ceil(points.length / SPARK_POINTS))
  const kept: number[] = []
  for (let index = (points.length - 1) % step; index < points.length; index += step) {
    const perSecond = points[index]?.perSecond ?? null
    if (perSecond !== null) kept.push(Math.round(perSecond))
  }
  return kept
}
