import type { MappedControl } from '../control/mapped-control.js'
import { PLACE_TRIES } from '../defaults.js'
import { publish } from '../diagnostics.js'
import { BadSegmentError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { segmentFileName } from '../format/index.js'
import { firstRecordSequence } from '../records/first-record.js'
import { openByRecords } from '../recovery/open-by-records.js'
import type { NextRecord } from '../recovery/segment-identity.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { listSegments, openSegment } from '../segment/segment-files.js'
import type { ResolvedSourceOptions } from './reader-options.js'

/** What a cursor walks in. */
export interface CursorQueue {
  readonly directory: QueueDirectory
  readonly control: MappedControl
  readonly options: ResolvedSourceOptions
}

/** Says whether a cursor is still in the queue that it opened. Both throw when it is not. */
export interface QueueOwnership {
  /** Called before a missing segment counts as damage. */
  assertInPlace(): void
  /** Called when a segment was found: it may be that of another queue, which was made in the emptied directory. */
  assertOwnSegments(): void
}

/** Finds and maps the segments that a cursor walks through. */
export class QueueSegments {
  readonly #directory: QueueDirectory
  readonly #control: MappedControl
  readonly #segmentSize: number
  readonly #skipsDamage: boolean
  readonly #ownership: QueueOwnership

  constructor({ directory, control, options }: CursorQueue, ownership: QueueOwnership) {
    this.#directory = directory
    this.#control = control
    this.#segmentSize = control.segmentSize
    this.#skipsDamage = options.onCorrupt === 'skip'
    this.#ownership = ownership
  }

  /**
   * Maps a segment; `undefined` when it does not exist. A cursor that skips damage is given one whose header or length is damaged, too, where its records show which segment it is.
   *
   * @param findNext says which record comes next, where that is known; asked only of such a segment.
   */
  open(segmentId: number, findNext: () => NextRecord | undefined = () => undefined): MappedSegment | undefined {
    const segment = this.#openAnyQueues(segmentId, findNext)
    if (segment === undefined) return undefined
    try {
      this.#ownership.assertOwnSegments()
      return segment
    } catch (error) {
      segment.close()
      throw error
    }
  }

  #openAnyQueues(segmentId: number, findNext: () => NextRecord | undefined): MappedSegment | undefined {
    try {
      return openSegment(this.#directory, segmentId, this.#segmentSize, false)
    } catch (error) {
      if (!(error instanceof BadSegmentError) || !this.#skipsDamage) throw error
      const queue = { directory: this.#directory, control: this.#control, segmentSize: this.#segmentSize }
      const segment = openByRecords(queue, segmentId, findNext())
      if (segment === undefined) throw error
      publish('chronicle:damage', { directory: this.#directory.path, segmentId, offset: 0, skipped: 0 })
      return segment
    }
  }

  /** Whether a cursor which skips damage can go on after a segment of which nothing says that it is one of the queue: its writer has left it. */
  mayPassOver(error: unknown, segmentId: number): boolean {
    return error instanceof BadSegmentError && this.#skipsDamage && this.#control.currentSegmentAcquire() > segmentId
  }

  /** The lowest segment above an id. Deletion goes on meanwhile: what was listed may be gone when it is opened, and then the next one is lowest. */
  openFirstAfter(segmentId: number, next: NextRecord | undefined): MappedSegment | undefined {
    // A segment that cannot be read held one message at least: what begins with the next one is that segment in a wrong place, which recovery sets aside.
    const after = next === undefined ? undefined : { ...next, sequence: next.sequence + 1 }
    for (let tries = 0, above = segmentId; tries < PLACE_TRIES; ) {
      const id = listSegments(this.#directory).find((listed) => listed > above)
      if (id === undefined) return undefined
      try {
        const segment = this.open(id, () => after)
        if (segment !== undefined) return segment
        tries++
      } catch (error) {
        if (!this.mayPassOver(error, id)) throw error
        above = id
      }
    }
    return undefined
  }

  /** With which sequence the queue continues at this segment. Recovery leaves empty segments that do not say it; then one above says it, or the control block. */
  continuesWith(segment: MappedSegment): number | undefined {
    // Loaded before the look: what is appended in between is seen by it.
    const next = this.#control.nextSequenceAcquire()
    const sequence = segment.firstSequence ?? firstRecordSequence(segment)
    if (sequence !== undefined) return sequence
    const above = this.openFirstAfter(segment.id, undefined)
    if (above === undefined) return next
    try {
      return this.continuesWith(above)
    } finally {
      above.close()
    }
  }

  /** A head is named only when its segment exists, and is never deleted: another process removed it, or the queue. */
  successorMissing(from: MappedSegment): BadSegmentError {
    this.#ownership.assertInPlace()
    const segmentId = from.id + 1
    const head = this.#control.currentSegmentAcquire()
    const path = this.#directory.describe(segmentFileName(segmentId))
    return new BadSegmentError({
      path,
      segmentId,
      detail: `neither it nor any above it exists, and the control block names segment ${head}`,
    })
  }
}
