import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { APPENDER_NEXT_SEQUENCE, APPENDER_WRITE_OFFSET, binding, type NativeAppender } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import { BadSegmentError, fromSystemError } from '../errors/index.js'
import { errnoError } from '../files/errno-error.js'
import { JOB_UNDER_WAY } from '../files/job-state.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { encodeIndex, INDEX_FILE, INDEX_TEMPORARY_FILE } from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { listSegments, openSegment } from '../segment/segment-files.js'
import type { FlushPolicy } from './writer-options.js'

export interface DurabilityOptions {
  readonly directory: QueueDirectory
  readonly control: MappedControl
  readonly appender: NativeAppender
  readonly policy: FlushPolicy | undefined
  /** The head. */
  readonly segmentId: number
}

interface Sync {
  readonly job: number
  /** All messages before it are durable when the job is done. */
  readonly sequence: number
}

/**
 * Makes messages durable: syncs what was appended since the last sync, then stores the durable mark, both on the background thread and in order. Syncs of
 * one queue never overtake each other, and after one has failed none succeeds any more: what the kernel could not write once it may have dropped.
 */
export class Durability {
  readonly #options: DurabilityOptions
  readonly #state: Float64Array
  readonly #syncs: Sync[] = []
  #segmentId: number
  /** Everything in the present segment below it is synced or handed to a sync. */
  #requestedOffset: number
  #requestedSequence: number
  #timer: NodeJS.Timeout | undefined
  #failure: unknown
  #syncCount = 0

  constructor(options: DurabilityOptions) {
    this.#options = options
    this.#state = options.appender.state
    this.#segmentId = options.segmentId
    this.#requestedOffset = 0
    this.#requestedSequence = options.control.readDurableMark()?.sequence ?? 0
    const everyMs = options.policy?.everyMs
    if (everyMs !== undefined) this.#timer = setInterval(() => this.request(), everyMs).unref()
  }

  /** Whether appends have to call {@link afterAppend}. */
  get watchesAppends(): boolean {
    const policy = this.#options.policy
    return policy?.everyMessages !== undefined || policy?.everyBytes !== undefined
  }

  /** Syncs asked for so far. */
  get syncCount(): number {
    return this.#syncCount
  }

  /** Called behind each append when the policy counts messages or bytes. */
  afterAppend(): void {
    const { policy } = this.#options
    const messages = (this.#state[APPENDER_NEXT_SEQUENCE] as number) - this.#requestedSequence
    const bytes = (this.#state[APPENDER_WRITE_OFFSET] as number) - this.#requestedOffset
    if (
      messages < (policy?.everyMessages ?? Number.POSITIVE_INFINITY) &&
      bytes < (policy?.everyBytes ?? Number.POSITIVE_INFINITY)
    )
      return
    if (policy?.wait) this.flushSync()
    else this.request()
  }

  /**
   * The writer has left its segment for the next one: the old one is unmapped and goes into one sync, whose mark names the new. All of it, because the seal in its first
   * page is new; pages that did not change cost nothing. A policy that waits does so here too: messages are counted from this sync on.
   */
  afterRoll(segmentId: number): void {
    // A writer that never flushes would keep one done sync per roll for ever.
    this.#reap()
    const { appender, policy } = this.#options
    this.#submit(() => appender.retire(), this.#state[APPENDER_NEXT_SEQUENCE] as number)
    this.#segmentId = segmentId
    this.#requestedOffset = 0
    if (policy?.wait) this.#awaitSyncs()
  }

  /** Starts syncing what is not yet, without waiting for it. */
  request(): void {
    this.#reap()
    const sequence = this.#state[APPENDER_NEXT_SEQUENCE] as number
    const end = this.#state[APPENDER_WRITE_OFFSET] as number
    const offset = this.#requestedOffset
    if (sequence === this.#requestedSequence && offset >= end) return
    const mark = { sequence, segmentId: this.#segmentId, markOffset: end }
    this.#submit(() => this.#options.appender.makeDurable({ ...mark, offset, length: end - offset }), sequence)
    this.#requestedOffset = end
  }

  /** Returns when everything appended before the call is durable. @throws {@link IoError} `ERR_IO` when it cannot be made so. */
  flushSync(): void {
    this.request()
    this.#awaitSyncs()
    this.#writeIndex()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** {@link flushSync} off the event loop. */
  async flush(): Promise<void> {
    this.request()
    const last = this.#syncs.at(-1)
    if (last !== undefined) await new Promise<void>((resolve) => binding.jobNotify(last.job, () => resolve()))
    this.#reap()
    this.#writeIndex()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Waits for all syncs under way, so that none of them stores a mark after the next writer has opened. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#awaitSyncs()
    this.#writeIndex()
  }

  /** The last one ends last. */
  #awaitSyncs(): void {
    const last = this.#syncs.at(-1)
    if (last !== undefined) binding.jobWait(last.job, Number.POSITIVE_INFINITY)
    this.#reap()
  }

  #submit(start: () => number, sequence: number): void {
    if (this.#syncCount === 0) this.#syncInherited()
    this.#syncs.push({ job: start(), sequence })
    this.#requestedSequence = sequence
    this.#syncCount++
  }

  /**
   * What earlier writers and recovery left unsynced comes before the first mark of this writer, which covers it: everything from their mark on, and the predecessor,
   * which recovery may have sealed.
   */
  #syncInherited(): void {
    const { directory, control } = this.#options
    const head = this.#segmentId
    if (head === 0) return
    const from = Math.min(control.readDurableMark()?.segmentId ?? 0, head - 1)
    for (const id of listSegments(directory)) {
      if (id < from || id >= head) continue
      const segment = openIfUsable(directory, id, control.segmentSize)
      if (segment === undefined) continue
      const job = binding.backgroundSync(segment.mapping, 0, segment.size, control.mapping)
      this.#syncs.push({ job, sequence: this.#requestedSequence })
      segment.closeInBackground()
    }
  }

  /** Takes note of the syncs that are done, oldest first. */
  #reap(): void {
    for (let sync = this.#syncs[0]; sync !== undefined; sync = this.#syncs[0]) {
      const state = binding.jobState(sync.job)
      if (state === JOB_UNDER_WAY) return
      if (state < 0) this.#failure ??= fromSystemError(errnoError(-state, 'msync'), { path: this.#options.directory.path })
      binding.jobRelease(sync.job)
      this.#syncs.shift()
    }
  }

  /** The base format's hint of where the head is. Of no use to readers of ours; a failure to write it costs nothing. */
  #writeIndex(): void {
    const { directory } = this.#options
    const hint = { currentSegment: this.#segmentId, writeOffset: this.#state[APPENDER_WRITE_OFFSET] as number }
    const temporary = directory.at(INDEX_TEMPORARY_FILE)
    try {
      // A crash leftover, or a link that must not be written through.
      rmSync(temporary, { force: true })
      writeFileSync(temporary, encodeIndex(hint), { flag: 'wx' })
      renameSync(temporary, directory.at(INDEX_FILE))
    } catch {
      // A full or read-only disk: the hint stays old, and everybody is prepared for that (L5).
    }
  }
}

/** What cannot be mapped holds no record that a mark could promise. */
function openIfUsable(directory: QueueDirectory, segmentId: number, segmentSize: number): MappedSegment | undefined {
  try {
    return openSegment(directory, segmentId, segmentSize, true)
  } catch (error) {
    if (error instanceof BadSegmentError) return undefined
    throw error
  }
}
