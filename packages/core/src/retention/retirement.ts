import { type FSWatcher, watch } from 'node:fs'
import { constants } from 'node:os'
import type { MappedControl } from '../control/mapped-control.js'
import {
  BACKGROUND_TIMEOUT_MS,
  DELETIONS_LEFT_MAX,
  READER_PROBE_MS,
  RETENTION_FALLBACK_MS,
  SURVEY_CHEAP_MS,
  SURVEY_SHARE,
  TIMER_MAX_MS,
} from '../defaults.js'
import { publish } from '../diagnostics.js'
import { fromSystemError, QueueError } from '../errors/index.js'
import { errnoError } from '../files/errno-error.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { WriterLock } from '../files/writer-lock.js'
import { READERS_DIRECTORY, segmentFileName } from '../format/index.js'
import { LostNotes } from '../positions/lost-notes.js'
import { surveyReaders } from '../positions/reader-survey.js'
import { findLowestSegment } from '../segment/first-segment.js'
import { countSegmentsBetween, segmentIdsBetween } from '../segment/segment-files.js'
import { removeIndicesBelow } from '../segment/sparse-index.js'
import { Deletions } from './deletions.js'
import type { RetentionOptions } from './retention-options.js'
import { type ReleasedReader, RetentionPlan, type RetentionState, type RetentionVerdict } from './retention-plan.js'
import { SegmentAges } from './segment-age.js'

export interface RetirementOptions {
  readonly directory: QueueDirectory
  /** Held by each deletion until it has ended. */
  readonly lock: WriterLock
  readonly control: MappedControl
  readonly rules: RetentionOptions
  /** The head, as the writer knows it. */
  readonly head: () => { readonly segmentId: number; readonly offset: number }
  readonly onReaderReleased: ((released: ReleasedReader) => void) | undefined
}

/**
 * Lets go of the segments that the rules do not keep, lowest first. What is to go is announced first (readers begin above it from then on), then the readers are looked at
 * once more. A reader that registers meanwhile was seen, or saw the announcement. Works when something happens (a roll, a reader that moved on, an age that is
 * reached) and costs nothing in between. The proof is in docs/models.md.
 */
export class Retirement {
  readonly #options: RetirementOptions
  readonly #releasedNames = new Set<string>()
  readonly #untold: ReleasedReader[] = []
  readonly #deletions: Deletions
  readonly #lostNotes: LostNotes
  readonly #ages: SegmentAges
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #isScheduled = false
  #run: Promise<void> | undefined
  #isClosed = false
  #firstSegmentId: number | undefined
  /** No look at the readers before, of `performance.now`: with very many readers a look takes long, and each of them causes one. */
  #notBeforeMs = 0

  constructor(options: RetirementOptions) {
    const { directory, control } = options
    this.#options = options
    this.#deletions = new Deletions(options.lock.hold, () => this.#publish(1, undefined))
    this.#lostNotes = new LostNotes(directory, control.segmentSize)
    this.#ages = new SegmentAges(directory, control.segmentSize)
    // May throw, so it comes before anything that has to be given back.
    control.storeFirstSegment(this.firstSegmentId)
  }

  /** Begins to work. From here on {@link close} has something to give back. */
  start(): void {
    this.#watchReaders()
    removeIndicesBelow(this.#options.directory, this.firstSegmentId)
    // Here and now: on a full disk this is what makes room for the first segment that the writer prepares.
    this.#tryPass()
    this.schedule()
  }

  /** Segments deleted so far, and readers let go. */
  get counts(): { readonly segmentsDeleted: number; readonly readersReleased: number } {
    return { segmentsDeleted: this.#deletions.doneCount, readersReleased: this.#releasedNames.size }
  }

  /** Called after each roll. When the event loop has not turned since the last one, the work is done here and now; a writer that is faster than the deletions waits for them. */
  afterRoll(): void {
    this.#ages.noteRoll(this.#options.head().segmentId)
    if (!this.#isScheduled) {
      this.schedule()
      return
    }
    this.#deletions.retry()
    if (performance.now() >= this.#notBeforeMs) this.#tryPass()
    // Two for each segment that is made: the backlog shrinks, and no roll waits for all of a large one.
    this.#deletions.await(Math.max(DELETIONS_LEFT_MAX, this.#deletions.leftCount - 2), BACKGROUND_TIMEOUT_MS)
  }

  /** Has the event loop do what can be done. */
  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    const begin = (): void => {
      this.#isScheduled = false
      // One that is under way looks once more before it ends.
      if (this.#run === undefined) void this.retireAll()
    }
    const waitMs = this.#notBeforeMs - performance.now()
    if (waitMs > 1) setTimeout(begin, waitMs).unref()
    else setImmediate(begin).unref()
  }

  /** Segments that were let go and are not unlinked yet: that happens on the background thread, after the syncs that were asked for before. */
  get deletionsUnderWay(): number {
    return this.#deletions.leftCount
  }

  /** Blocks until at most so many deletions are under way, or the time is over. Returns whether it waited. */
  awaitDeletions(leftMax: number, timeoutMs: number): boolean {
    return this.#deletions.await(leftMax, timeoutMs)
  }

  /** Why the system did not delete a segment that was let go; `undefined` when nothing was refused. */
  get refusal(): unknown {
    const refused = this.#deletions.refusal
    if (refused === undefined) return undefined
    const { directory, lock } = this.#options
    if (refused.errno === constants.errno.ENOLCK) return lock.lostError()
    return fromSystemError(errnoError(refused.errno, 'unlink'), { path: directory.describe(segmentFileName(refused.segmentId)) })
  }

  /** Lets go of all that the rules do not keep; whether anything goes. @throws what a look at the readers throws. */
  retireNow(): boolean {
    return this.#pass().deletes
  }

  /** {@link retireNow} that lets nothing go when the readers cannot be looked at. */
  retireIfPossible(): boolean {
    return this.#tryPass()?.deletes === true
  }

  /** Reports which readers were released since the last call. Not for the middle of a deletion or a roll: a callback may append or close. */
  tellReleased(): void {
    for (let released = this.#untold.shift(); released !== undefined; released = this.#untold.shift())
      this.#options.onReaderReleased?.(released)
  }

  /** Resolves when everything that the rules do not keep is unlinked. */
  async retireAll(): Promise<void> {
    while (this.#run !== undefined) await this.#run
    if (this.#isClosed) return
    this.#run = this.#retireAll()
    try {
      await this.#run
    } finally {
      this.#run = undefined
    }
  }

  async #retireAll(): Promise<void> {
    this.#deletions.retry()
    for (;;) {
      const pass = this.#tryPass()
      this.tellReleased()
      while (!this.#isClosed && this.#deletions.isUnderWay) {
        await this.#deletions.awaitNext()
        // After close the descriptor of the directory may be another directory's.
        if (!this.#isClosed) this.#lostNotes.retry()
      }
      if (this.#isClosed || pass === undefined) return
      const isRefused = this.#deletions.leftCount > 0
      if (!pass.deletes || isRefused) {
        this.#scheduleIn(isRefused ? RETENTION_FALLBACK_MS : pass.dueInMs)
        return
      }
    }
  }

  /** Readers that cannot be looked at may need everything, so nothing goes now. {@link explain} throws the reason to its caller. */
  #tryPass(): { readonly deletes: boolean; readonly dueInMs: number } | undefined {
    try {
      return this.#pass()
    } catch (error) {
      if (!(error instanceof QueueError)) throw error
      this.#scheduleIn(RETENTION_FALLBACK_MS)
      return undefined
    }
  }

  #pass(): { readonly deletes: boolean; readonly dueInMs: number } {
    const { control, rules } = this.#options
    const { firstSegmentId } = this
    const plan = this.#plan()
    const wanted = plan.firstKept()
    if (wanted === firstSegmentId) return { deletes: false, dueInMs: this.#dueInMs(plan) }
    if (!this.#options.lock.isHeld()) return { deletes: false, dueInMs: Number.POSITIVE_INFINITY }
    control.storeFirstSegment(wanted)
    const state = this.#survey()
    const second = new RetentionPlan(state, rules)
    const firstKept = Math.min(wanted, second.firstKept())
    if (firstKept !== wanted) control.storeFirstSegment(firstKept)
    if (firstKept === firstSegmentId) return { deletes: false, dueInMs: RETENTION_FALLBACK_MS }
    for (const released of second.released) this.#release(released, firstKept)
    this.#firstSegmentId = firstKept
    this.#ages.forgetBelow(firstKept)
    this.#deletions.add(
      state.segmentIds.filter((id) => id < firstKept),
      state.readers.map(({ name }) => name),
    )
    return { deletes: true, dueInMs: 0 }
  }

  /** The lowest segment that is not deleted, or being deleted. No other process deletes while the writer lock is held, so it is looked up once. */
  get firstSegmentId(): number {
    const { directory, control, head } = this.#options
    this.#firstSegmentId ??= findLowestSegment(directory, control) ?? head().segmentId
    return this.#firstSegmentId
  }

  /** How many segments there are up to this head. */
  segmentCountTo(headSegmentId: number): number {
    return countSegmentsBetween(this.#options.directory, { from: this.firstSegmentId, to: headSegmentId })
  }

  /** Which readers keep each segment, and which segments could be deleted. */
  explain(): RetentionVerdict[] {
    const plan = this.#plan()
    return this.#segmentIds().map((id) => plan.judge(id))
  }

  /** {@link explain} of the oldest segment. */
  explainFirst(): RetentionVerdict {
    return this.#plan().judge(this.firstSegmentId)
  }

  /** May be called again: a writer that loses its lock closes this at once. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#watcher?.close()
    clearTimeout(this.#timer)
    // Nothing may vanish after the lock is given back: the next writer looks what there is. What could not be deleted is there for readers again.
    const left = this.#deletions.close(BACKGROUND_TIMEOUT_MS)
    if (left !== undefined && this.#options.lock.isHeld()) this.#options.control.storeFirstSegment(left)
    this.#lostNotes.retry()
  }

  #segmentIds(): number[] {
    const { directory, head } = this.#options
    return segmentIdsBetween(directory, { from: this.firstSegmentId, to: head().segmentId })
  }

  #plan(): RetentionPlan {
    return new RetentionPlan(this.#survey(), this.#options.rules)
  }

  #survey(): RetentionState {
    const { directory, control, head } = this.#options
    const { segmentId, offset } = head()
    const begunMs = performance.now()
    const readers = surveyReaders(directory)
    const tookMs = performance.now() - begunMs
    if (tookMs > SURVEY_CHEAP_MS) this.#notBeforeMs = performance.now() + tookMs / SURVEY_SHARE
    return {
      segmentIds: this.#segmentIds(),
      headSegmentId: segmentId,
      headOffset: offset,
      segmentSize: control.segmentSize,
      readers,
      nowNs: this.#ages.nowNs(),
      ageMsOf: (id) => this.#ages.ageMsOf(id, segmentId),
    }
  }

  /** A reader that the policy lets go finds out where it was when it comes back: its position says offset and segment, which are gone then. */
  #release(released: ReleasedReader, firstKept: number): void {
    const { reader } = released
    if (reader.segmentId >= firstKept || this.#releasedNames.has(reader.name)) return
    this.#releasedNames.add(reader.name)
    this.#lostNotes.note(reader)
    this.#untold.push(released)
    this.#publish(0, reader.name)
  }

  #publish(segmentsDeleted: number, releasedReader: string | undefined): void {
    publish('chronicle:retention', { directory: this.#options.directory.path, segmentsDeleted, releasedReader })
  }

  /** A timer only where the passing of time alone lets something go. */
  #dueInMs(plan: RetentionPlan): number {
    const dueInMs = plan.dueInMs(this.firstSegmentId, READER_PROBE_MS)
    const hasCandidates = this.firstSegmentId < this.#options.head().segmentId
    return this.#watcher === undefined && hasCandidates ? Math.min(dueInMs, RETENTION_FALLBACK_MS) : dueInMs
  }

  #scheduleIn(delayMs: number): void {
    clearTimeout(this.#timer)
    if (this.#isClosed || delayMs === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.schedule(), Math.min(Math.max(Math.ceil(delayMs) + 1, 10), TIMER_MAX_MS)).unref()
  }

  /** Readers touch their file when they leave a segment, and remove it when they are unregistered: inotify reports both. */
  #watchReaders(): void {
    try {
      using folder = this.#options.directory.makeFolder(READERS_DIRECTORY)
      this.#watcher = watch(folder.self, { persistent: false }, () => this.schedule())
      this.#watcher.on('error', () => this.#stopWatching())
    } catch {
      // Out of inotify instances or watches: a slow timer does instead.
      this.#watcher = undefined
    }
  }

  #stopWatching(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    this.schedule()
  }
}
