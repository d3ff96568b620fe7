import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type DirectoryPath, InvalidArgumentError, NotAQueueError } from '@chronicle-ts/core'
import {
  absolutePath,
  CONTROL_FILE,
  type ControlBlock,
  encodeControl,
  encodePosition,
  isExistingSegmentSize,
  READERS_DIRECTORY,
  RECORD_HEADER_LENGTH,
  readerFileName,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
  segmentFileName,
  syncDirectory,
} from '@chronicle-ts/core/internal'
import { copyCompanions } from '../backup/companions.js'
import { isInside } from '../backup/is-inside.js'
import { TemporaryCopy } from '../backup/temporary-copy.js'
import { writeDurably } from '../backup/write-durably.js'
import { checksum } from '../cold/checksum.js'
import { coded } from '../cold/coded.js'
import { ColdFile } from '../cold/cold-file.js'
import type { ColdPosition, ColdRecord } from '../cold/cold-item.js'
import type { ColdReader } from '../cold/cold-reader.js'
import { isBefore } from '../cold/find-start.js'
import { inspectQueue } from '../cold/inspect-queue.js'
import { openColdReader } from '../cold/open-cold-reader.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import { type QueueProblem, queueProblem } from '../cold/queue-problem.js'
import { nextSequenceAfter } from './end-of-salvage.js'
import { SegmentBuilder } from './segment-builder.js'

/** Items of one step: some milliseconds. */
const STEP_ITEMS = 4096

/** Losses that are listed; more are only counted. */
const GAPS_KEPT = 10_000

/** Sequences that the new queue does not have, though its neighbours have them. */
export interface SalvageGap {
  /** The first sequence that is missing, and the one that follows the last. */
  readonly from: number
  readonly to: number
}

export interface SalvageReport {
  readonly source: string
  readonly directory: string
  readonly records: number
  readonly bytes: number
  readonly firstSequence: number | null
  readonly nextSequence: number
  readonly gaps: readonly SalvageGap[]
  readonly gapCount: number
  /** Sequences that lie in gaps. */
  readonly missing: number
  /** What was wrong with the old queue. */
  readonly problems: readonly QueueProblem[]
  /** Readers whose positions were carried over. */
  readonly readers: readonly string[]
}

interface MovedReader {
  readonly name: string
  readonly position: ColdPosition
  readonly heartbeatNs: bigint
  /** Its place in the new queue, once that is known. */
  moved: ColdPosition | undefined
}

/**
 * Writes every good record of a queue into a new one, byte by byte, with its sequence, timestamp, type, schema version, trace and source. With them go its schema registry,
 * the names of its sources and its thresholds. Works on queues whose control block, segments or records are damaged, and on those that
 * no writer would open. The old queue is only read. Positions of readers go to the same message, or to the next one that is left.
 *
 * Works in steps; {@link commit} gives the new queue its name, {@link abandon} removes it.
 */
export class QueueSalvage {
  readonly #source: string
  readonly #target: string
  readonly #folder: TemporaryCopy
  readonly #temporary: string
  readonly #inspection: QueueInspection
  readonly #segmentSize: number
  readonly #reader: ColdReader
  readonly #builder: SegmentBuilder
  readonly #readers: MovedReader[]
  readonly #problems: QueueProblem[] = []
  readonly #gaps: SalvageGap[] = []
  readonly #header = new Uint8Array(RECORD_HEADER_LENGTH)
  #file: { readonly id: number; readonly file: ColdFile } | undefined
  #gapCount = 0
  #missing = 0
  #records = 0
  #bytes = 0
  #first: number | undefined
  #last = -1
  /** Where the last record ends in the old queue. */
  #end: ColdPosition = { segmentId: 0, offset: SEGMENT_FIRST_RECORD_OFFSET }
  #isDone = false

  /** @throws InvalidArgumentError when the target exists; NotAQueueError when there is nothing to read. Nothing was made then. */
  constructor(source: DirectoryPath, target: DirectoryPath) {
    this.#source = absolutePath(source)
    this.#target = absolutePath(target)
    if (existsSync(this.#target) || coded(this.#target, () => isInside(this.#target, this.#source)))
      throw new InvalidArgumentError({
        argument: 'target',
        value: this.#target,
        expected: 'a directory outside of the queue that does not exist',
      })
    this.#inspection = inspectQueue(this.#source)
    const segmentSize = commonLength(this.#inspection) ?? this.#inspection.segmentSize
    if (!this.#inspection.isQueue || segmentSize === undefined || !isExistingSegmentSize(segmentSize))
      throw new NotAQueueError({ directory: this.#source, detail: 'it holds no segment' })
    this.#segmentSize = segmentSize
    this.#readers = movedReaders(this.#inspection)
    // A reader that is not carried over begins again: that is a loss, too.
    this.#problems.push(...this.#inspection.problems.filter(isOfLostReader))
    this.#folder = coded(this.#target, () => TemporaryCopy.make(this.#target))
    try {
      this.#reader = coded(this.#source, () => openColdReader(this.#source, { to: 'present' }))
    } catch (error) {
      this.#folder.abandon()
      throw error
    }
    this.#temporary = this.#folder.path
    this.#builder = new SegmentBuilder(this.#temporary, { segmentSize, epoch: this.#epoch, createdNs: this.#createdNs })
  }

  get progress(): { readonly records: number; readonly bytes: number; readonly bytesTotal: number } {
    return { records: this.#records, bytes: this.#bytes, bytesTotal: this.#inspection.segments.bytes }
  }

  /** Copies some thousand records. Returns whether there are more. */
  step(): boolean {
    return coded(this.#temporary, () => this.#step())
  }

  #step(): boolean {
    for (let count = 0; count < STEP_ITEMS && !this.#isDone; count += 1) {
      const item = this.#reader.next()
      if (item === undefined) this.#isDone = true
      else if (item.kind === 'record') this.#copy(item)
      else if (item.kind === 'problem') this.#note(item.problem)
    }
    return !this.#isDone
  }

  /** Completes the new queue, syncs it and gives it its name. To be called when {@link step} has returned false. */
  commit(): SalvageReport {
    return coded(this.#temporary, () => this.#commit())
  }

  #commit(): SalvageReport {
    const saved = { lastSequence: this.#last, end: this.#end, segmentSize: this.#segmentSize }
    const nextSequence = nextSequenceAfter(saved, this.#inspection)
    const isCut = nextSequence > this.#last + 1
    if (isCut) this.#noteGap({ from: this.#last + 1, to: nextSequence })
    const end = this.#builder.finish(nextSequence, isCut)
    const epoch = this.#epoch
    const { control } = this.#inspection
    const controlBytes = encodeControl({
      segmentSize: this.#segmentSize,
      writerEpoch: epoch,
      extensionEpoch: epoch % 0x1_0000_0000,
      createdNs: this.#createdNs,
      currentSegment: end.segmentId,
      firstSegmentPlusOne: 1,
      writeOffset: end.offset,
      nextSequence,
      ...(control !== undefined && this.#inspection.controlIsValid && this.#identityOf(control)),
    })
    writeDurably(join(this.#temporary, CONTROL_FILE), controlBytes)
    for (const { name, heartbeatNs, moved } of this.#readers) {
      const position = encodePosition({ ...(moved ?? end), heartbeatNs }, checksum)
      writeDurably(join(this.#temporary, READERS_DIRECTORY, readerFileName(name)), position)
    }
    copyCompanions(this.#source, this.#temporary, 'other-places')
    syncDirectory(join(this.#temporary, READERS_DIRECTORY))
    syncDirectory(this.#temporary)
    this.#folder.rename(this.#target)
    this.#close()
    return this.#report(nextSequence)
  }

  /** Removes what was made so far. */
  abandon(): void {
    this.#close()
    this.#builder.abandon()
    this.#folder.abandon()
  }

  /** The term stays, or a promoted source would be fenced by its own. A replica with gaps stops being one: a pull would go on after them, as if they were filled. */
  #identityOf({ bootId, queueId, replicaTerm, sourceQueueId }: ControlBlock): Partial<ControlBlock> {
    return { bootId, queueId, replicaTerm, ...(this.#gapCount === 0 && { sourceQueueId }) }
  }

  #copy(record: ColdRecord): void {
    if (!this.#readHeader(record)) {
      this.#noteRetired(record)
      return
    }
    const { sequence, timestampNs, payload } = record
    const place = this.#builder.add({ header: this.#header, payload, sequence, timestampNs })
    for (const reader of this.#readers) if (reader.moved === undefined && !isBefore(record, reader.position)) reader.moved = place
    if (this.#last >= 0 && sequence > this.#last + 1) this.#noteGap({ from: this.#last + 1, to: sequence })
    this.#first ??= sequence
    this.#last = Math.max(this.#last, sequence)
    this.#end = { segmentId: record.segmentId, offset: record.offset + recordLength(payload.length) }
    this.#records += 1
    this.#bytes += RECORD_HEADER_LENGTH + payload.length
  }

  /** A segment that the disk does not give is lost, and the rest is saved. One that this process had no descriptor or memory for is not lost, and is not left out. */
  #note(problem: QueueProblem): void {
    const limit = problem.code === 'FILE_UNREADABLE' ? /\b(EMFILE|ENFILE|ENOMEM)\b/.exec(problem.message)?.[0] : undefined
    if (limit !== undefined) throw Object.assign(new Error(problem.message), { code: limit, syscall: 'open', path: this.#source })
    this.#problems.push(problem)
  }

  #noteGap(gap: SalvageGap): void {
    this.#gapCount += 1
    this.#missing += gap.to - gap.from
    if (this.#gaps.length < GAPS_KEPT) this.#gaps.push(gap)
  }

  /** The header as it stands on disk: flags and trace are kept without being understood. False when retention has deleted the segment since. */
  #readHeader({ segmentId, offset }: ColdPosition): boolean {
    if (this.#file?.id !== segmentId) {
      this.#file?.file.close()
      this.#file = undefined
      const file = ColdFile.open(join(this.#source, segmentFileName(segmentId)))
      if (file === undefined) return false
      this.#file = { id: segmentId, file }
    }
    this.#file.file.readAt(this.#header, offset)
    return true
  }

  #noteRetired({ segmentId }: ColdPosition): void {
    if (this.#problems.at(-1)?.segmentId === segmentId) return
    this.#problems.push(queueProblem('SEGMENT_RETIRED', '', { segmentId }))
  }

  get #epoch(): number {
    return Math.max(1, this.#inspection.controlIsValid ? (this.#inspection.control?.writerEpoch ?? 1) : 1)
  }

  get #createdNs(): bigint {
    return this.#inspection.inspectedNs
  }

  #close(): void {
    this.#reader.close()
    this.#file?.file.close()
    this.#file = undefined
  }

  #report(nextSequence: number): SalvageReport {
    return {
      source: this.#source,
      directory: this.#target,
      records: this.#records,
      bytes: this.#bytes,
      firstSequence: this.#first ?? null,
      nextSequence,
      gaps: this.#gaps,
      gapCount: this.#gapCount,
      missing: this.#missing,
      problems: this.#problems,
      readers: this.#readers.map(({ name }) => name),
    }
  }
}

/** Writes every good record of a queue into a new one. @throws as {@link QueueSalvage}. */
export function salvageQueue(source: DirectoryPath, target: DirectoryPath): SalvageReport {
  const salvage = new QueueSalvage(source, target)
  try {
    while (salvage.step());
    return salvage.commit()
  } catch (error) {
    salvage.abandon()
    throw error
  }
}

/** The length that most segment files have: a control block that is damaged, or a segment that was cut, does not decide. */
function commonLength({ segments }: QueueInspection): number | undefined {
  const counts = new Map<number, number>()
  for (const { length } of segments.inspected)
    if (isExistingSegmentSize(length)) counts.set(length, (counts.get(length) ?? 0) + 1)
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])
  return most?.[0]
}

function movedReaders({ readers }: QueueInspection): MovedReader[] {
  return readers.flatMap(({ name, position, lastHeartbeatNs }) =>
    position === undefined ? [] : [{ name, position, heartbeatNs: lastHeartbeatNs ?? 0n, moved: undefined }],
  )
}

/** Whether a reader's position, or all of them, could not be read. */
function isOfLostReader({ code, file }: QueueProblem): boolean {
  return (code === 'READER_BAD' || code === 'FILE_UNREADABLE') && file?.startsWith(READERS_DIRECTORY) === true
}
