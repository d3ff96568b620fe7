import { lstatSync, renameSync, rmSync } from 'node:fs'
import type { MappedControl } from '../control/mapped-control.js'
import { isQueueError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { segmentFileName } from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { listSegments } from '../segment/segment-files.js'
import type { SegmentPreparer } from '../segment/segment-preparer.js'
import { PendingChanges } from './pending-changes.js'
import type { RecoveryAction, RecoveryCase } from './recovery-case.js'
import { describeEntry, keepBytes, linkAside, moveAside, moveBack, quarantineName, removeEntry } from './set-aside.js'
import { isUnused } from './unused-segment.js'

/** Where the writer goes on: the head segment, mapped for writing, the offset and the sequence of the next record. */
export interface Tail {
  readonly segment: MappedSegment
  readonly offset: number
  readonly nextSequence: number
  /** Where what is left ends, when that is not where the queue goes on. */
  readonly end?: { readonly segmentId: number; readonly offset: number }
  /** Sequence of the first message that had been there and is lost: readers that had not come further than it get the loss. */
  readonly firstLost?: number
}

/** What the open found before recovery began. */
export interface Origin {
  /** The control block was recorded in another file: the queue was copied, perhaps while it was written. */
  readonly isCopy: boolean
  /** What a control block that had to be rebuilt said about the next sequence; 0 when it said nothing. */
  readonly saidSequence: number
  /** Whether that is the next sequence, and not only one that is durable and therefore below it. */
  readonly saysNext: boolean
  readonly isRebuilt: boolean
}

/**
 * What every step of recovery needs. The lock is held; no other process writes. Recovery decides and changes nothing: what it decides is collected in {@link changes} and carried
 * out when the open can no longer be refused.
 */
export class RecoveryContext {
  readonly actions: RecoveryAction[] = []
  readonly changes = new PendingChanges()
  /** Segments that will be sealed. */
  readonly ended = new Set<number>()
  /** The highest sequence in files with the name of a segment that are not that segment; -1 without one. They may be segments of this queue in a wrong place. */
  misplacedSequence = -1
  /** Files that will be moved to the quarantine, and their names there. */
  readonly #aside = new Map<string, string>()
  /** Names that a new file will take. */
  readonly #replaced = new Set<string>()

  constructor(
    readonly directory: QueueDirectory,
    readonly control: MappedControl,
    readonly segmentSize: number,
    readonly preparer: SegmentPreparer,
    readonly origin: Origin = { isCopy: false, saidSequence: 0, saysNext: false, isRebuilt: false },
  ) {}

  /** Whether the last writer left the queue without closing it. */
  get lastWriterDied(): boolean {
    return this.actions.some((action) => action.case === 'stale-lock')
  }

  note(name: RecoveryCase, where: { segmentId: number; offset?: number }, detail: string): void {
    this.actions.push({ case: name, segmentId: where.segmentId, offset: where.offset ?? 0, detail })
  }

  /** Makes an empty segment for the head, under an id that no file has, or none that holds anything. */
  makeHead(segmentId: number): MappedSegment {
    const segment = this.#takeOrMakeRoom(segmentId)
    this.changes.undoWith(() => {
      segment.close()
      rmSync(this.directory.at(segmentFileName(segmentId)), { force: true })
    })
    return segment
  }

  /** On a full disk the room is that of a segment which the last writer had prepared: it was never the head, and holds nothing. */
  #takeOrMakeRoom(segmentId: number): MappedSegment {
    try {
      return this.preparer.take(segmentId)
    } catch (error) {
      if (!isQueueError(error, 'ERR_NO_SPACE')) throw error
      const head = this.control.currentSegmentAcquire()
      const prepared = listSegments(this.directory).filter((id) => id > head && !this.ended.has(id) && isUnused(this, id))
      if (prepared.length === 0) throw error
      for (const id of prepared) rmSync(this.directory.at(segmentFileName(id)), { force: true })
      return this.preparer.take(segmentId)
    }
  }

  /** Decides to move a file to the quarantine, once; returns where it will be. */
  setFileAside(name: string): string {
    const known = this.#aside.get(name)
    if (known !== undefined) return describeEntry(this.directory, known)
    const entry = quarantineName(name)
    this.#aside.set(name, entry)
    let isLinked = false
    this.changes.add(() => {
      isLinked = linkAside(this.directory, name, entry)
      return () => removeEntry(this.directory, entry)
    })
    this.changes.replace(() => {
      if (!(isLinked && this.#replaced.has(name))) moveAside(this.directory, name, entry, isLinked)
    })
    return describeEntry(this.directory, entry)
  }

  /**
   * Decides that a finished file takes a name, and that the file which has it is set aside. That one stays in its place until then: were the name free for a moment, a recovery after a crash would find
   * a segment missing.
   */
  putInPlace(temporary: string, name: string): void {
    if (lstatSync(this.directory.at(name), { throwIfNoEntry: false }) !== undefined) this.setFileAside(name)
    this.#replaced.add(name)
    this.changes.replace(() => {
      renameSync(this.directory.at(temporary), this.directory.at(name))
      this.directory.sync()
    })
  }

  /** Decides to keep the file of a name that another file will take. */
  keepSecondName(name: string): void {
    if (lstatSync(this.directory.at(name), { throwIfNoEntry: false }) === undefined) return
    const entry = quarantineName(name)
    this.changes.add(() => {
      linkAside(this.directory, name, entry)
      return () => removeEntry(this.directory, entry)
    })
  }

  /**
   * Moves a file to the quarantine at once, because its name is needed; an open that fails puts it back. Returns where it is.
   */
  moveFileAside(name: string): string {
    const entry = quarantineName(name)
    const isLinked = linkAside(this.directory, name, entry)
    moveAside(this.directory, name, entry, isLinked)
    this.changes.undoWith(() => moveBack(this.directory, name, entry))
    return describeEntry(this.directory, entry)
  }

  /** Keeps a copy of bytes in the quarantine at once, because they are about to be overwritten; an open that fails deletes it. */
  keepBytesNow(name: string, bytes: Uint8Array): void {
    const entry = quarantineName(name)
    keepBytes(this.directory, entry, bytes)
    this.changes.undoWith(() => removeEntry(this.directory, entry))
  }

  /** Decides to keep a copy of bytes in the quarantine before they are overwritten; returns where it will be. */
  setBytesAside(name: string, bytes: Uint8Array): string {
    const entry = quarantineName(name)
    this.changes.add(() => {
      keepBytes(this.directory, entry, bytes)
      return () => removeEntry(this.directory, entry)
    })
    return describeEntry(this.directory, entry)
  }
}
