import { type FSWatcher, watch } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import { BACKGROUND_TIMEOUT_MS, RETENTION_FALLBACK_MS, TIMER_MAX_MS } from '../defaults.js'
import { QueueError } from '../errors/index.js'
import { JOB_DONE, JOB_UNDER_WAY } from '../files/job-state.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { WriterLock } from '../files/writer-lock.js'
import { READERS_DIRECTORY, readerFileName, segmentFileName } from '../format/index.js'
import { findLowestSegment } from '../segment/first-segment.js'
import { sparseIndexName } from '../segment/sparse-index.js'
import type { RetentionOptions } from '../writer/writer-options.js'
import { noteLostPosition } from './lost-position.js'
import { surveyReaders } from './reader-survey.js'
import {
  judgeSegment,
  type ReleasedReader,
  type RetentionState,
  type RetentionVerdict,
  releaseReaders,
} from './retention-plan.js'
import { segmentAgeMs } from './segment-age.js'

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
 * Deletes segments that the rules let go, one at a time, lowest first. Each is announced first (readers begin above it from then on), then the readers are looked
 * at once more: a reader that registers meanwhile was seen, or saw the announcement. Works when something happens (a roll, a reader that moved on, an age that is
 * reached) and costs nothing in between. The proof is in docs/models.md.
 */
export class Retirement {
  readonly #options: RetirementOptions
  readonly #releasedNames = new Set<string>()
  readonly #untold: ReleasedReader[] = []
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #isScheduled = false
  #isRunning = false
  #isClosed = false
  #firstSegmentId: number | undefined
  #deleted = 0
  /** Jobs that unlink, oldest first. */
  readonly #unlinks: number[] = []

  constructor(options: RetirementOptions) {
    this.#options = options
    this.#watchReaders()
    options.control.storeFirstSegment(this.firstSegmentId)
    this.schedule()
  }

  /** Segments deleted so far, and readers let go. */
  get counts(): { readonly segmentsDeleted: number; readonly readersReleased: number } {
    this.#reap()
    return { segmentsDeleted: this.#deleted, readersReleased: this.#releasedNames.size }
  }

  /** Called behind each roll. When the event loop has not turned since the last one, one step is done here and now. */
  afterRoll(): void {
    if (!this.#isScheduled) {
      this.schedule()
      return
    }
    try {
      this.retireNow()
    } catch (error) {
      this.#postpone(error)
    }
  }

  /** Has the event loop do what can be done. */
  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      void this.#retireAll()
    }).unref()
  }

  /** Segments that were let go and are not unlinked yet: that happens on the background thread, behind the syncs that were asked for before. */
  get deletionsUnderWay(): number {
    this.#reap()
    return this.#unlinks.length
  }

  /** Blocks until at most so many deletions are under way, or the time is over. Returns whether it waited. */
  awaitDeletions(leftMax: number, timeoutMs: number): boolean {
    const waits = this.deletionsUnderWay > leftMax
    const deadline = performance.now() + timeoutMs
    while (this.deletionsUnderWay > leftMax && performance.now() < deadline)
      binding.jobWait(this.#unlinks[0] as number, deadline - performance.now())
    return waits
  }

  /** Deletes the lowest segment if the rules let it go; whether one goes. */
  retireNow(): boolean {
    return this.#retireOne() !== undefined
  }

  /** Tells which readers were let go since the last call. Not for the middle of a deletion or a roll: whoever is told may append or close. */
  tellReleased(): void {
    for (let released = this.#untold.shift(); released !== undefined; released = this.#untold.shift())
      this.#options.onReaderReleased?.(released)
  }

  #retireOne(): number | undefined {
    const { control } = this.#options
    const { firstSegmentId } = this
    if (!this.#isDeletable(this.#survey()) || !this.#options.lock.isHeld()) return undefined
    control.storeFirstSegment(firstSegmentId + 1)
    const state = this.#survey()
    if (!this.#isDeletable(state)) {
      control.storeFirstSegment(firstSegmentId)
      return undefined
    }
    for (const released of releaseReaders(state, this.#options.rules).released) this.#release(released, firstSegmentId)
    this.#unlinkIndex(firstSegmentId)
    // A power cut must not take back the positions that let the segment go.
    const positions = state.readers.map(({ name }) => `${READERS_DIRECTORY}/${readerFileName(name)}`)
    const job = binding.backgroundUnlink(segmentFileName(firstSegmentId), positions, this.#options.lock.hold)
    // A reader may have made it between the two: from here on it sees that the segment is gone.
    this.#unlinkIndex(firstSegmentId)
    this.#firstSegmentId = firstSegmentId + 1
    this.#unlinks.push(job)
    return job
  }

  /** Takes note of the deletions that are done. One that the system refuses leaves the file to the next writer. */
  #reap(): void {
    for (let job = this.#unlinks[0]; job !== undefined; job = this.#unlinks[0]) {
      const state = binding.jobState(job)
      if (state === JOB_UNDER_WAY) return
      if (state === JOB_DONE) this.#deleted++
      binding.jobRelease(job)
      this.#unlinks.shift()
    }
  }

  /** The lowest segment that is not deleted, or being deleted. Nobody else deletes while the writer lock is held, so it is looked up once. */
  get firstSegmentId(): number {
    const { directory, control, head } = this.#options
    this.#firstSegmentId ??= findLowestSegment(directory, control) ?? head().segmentId
    return this.#firstSegmentId
  }

  /** Who keeps each segment, and which could go. */
  explain(): RetentionVerdict[] {
    const state = this.#survey()
    const verdicts: RetentionVerdict[] = []
    for (let id = state.firstSegmentId; id <= state.headSegmentId; id++)
      verdicts.push(judgeSegment(id, state, this.#options.rules))
    return verdicts
  }

  close(): void {
    this.#isClosed = true
    this.#watcher?.close()
    clearTimeout(this.#timer)
    // Nothing may vanish after the lock is given back: the next writer looks what there is.
    this.awaitDeletions(0, BACKGROUND_TIMEOUT_MS)
    for (const job of this.#unlinks) binding.jobRelease(job)
  }

  async #retireAll(): Promise<void> {
    if (this.#isRunning || this.#isClosed) return
    this.#isRunning = true
    try {
      for (let job = this.#retireOne(); job !== undefined; job = this.#retireOne()) {
        const unlink = job
        const unlinked = new Promise<void>((resolve) => binding.jobNotify(unlink, () => resolve()))
        this.tellReleased()
        await unlinked
        this.#reap()
        if (this.#isClosed) return
      }
      this.#scheduleByAge()
    } catch (error) {
      this.#postpone(error)
    } finally {
      this.#isRunning = false
    }
  }

  /** Readers that cannot be looked at may need everything, so nothing goes now. {@link explain} throws what is wrong to whoever asks. */
  #postpone(error: unknown): void {
    if (!(error instanceof QueueError)) throw error
    this.#scheduleIn(RETENTION_FALLBACK_MS)
  }

  #survey(): RetentionState {
    const { directory, control, head } = this.#options
    const { segmentId, offset } = head()
    return {
      firstSegmentId: this.firstSegmentId,
      headSegmentId: segmentId,
      headOffset: offset,
      segmentSize: control.segmentSize,
      readers: surveyReaders(directory),
      nowNs: binding.realtimeNs(),
      ageMsOf: (id) => segmentAgeMs(directory, id, control.segmentSize),
    }
  }

  #isDeletable(state: RetentionState): boolean {
    return judgeSegment(state.firstSegmentId, state, this.#options.rules).deletable
  }

  /** A reader that the policy lets go finds out where it was when it comes back: its position says offset and segment, which are gone then. */
  #release(released: ReleasedReader, firstSegmentId: number): void {
    const { reader } = released
    if (reader.segmentId > firstSegmentId || this.#releasedNames.has(reader.name)) return
    this.#releasedNames.add(reader.name)
    noteLostPosition(this.#options.directory, reader, this.#options.control.segmentSize)
    this.#untold.push(released)
  }

  #unlinkIndex(segmentId: number): void {
    binding.jobRelease(binding.backgroundUnlink(sparseIndexName(segmentId), [], this.#options.lock.hold))
  }

  /** Rules that depend on time need a timer, but only while something below the head exists. */
  #scheduleByAge(): void {
    const { maxAgeMs, readerTtlMs } = this.#options.rules
    const everyMs = Math.min(maxAgeMs ?? Number.POSITIVE_INFINITY, readerTtlMs ?? Number.POSITIVE_INFINITY)
    const needsPolling = this.#watcher === undefined ? RETENTION_FALLBACK_MS : Number.POSITIVE_INFINITY
    const delayMs = Math.min(everyMs, needsPolling)
    const hasCandidates = this.firstSegmentId < this.#options.head().segmentId
    clearTimeout(this.#timer)
    if (hasCandidates && delayMs !== Number.POSITIVE_INFINITY) this.#scheduleIn(delayMs)
  }

  #scheduleIn(delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.schedule(), Math.min(Math.max(delayMs, 10), TIMER_MAX_MS)).unref()
  }

  /** Readers touch their file when they leave a segment, and remove it when they are unregistered: inotify tells both. */
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
