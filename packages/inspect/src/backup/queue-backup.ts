import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type DirectoryPath,
  InvalidArgumentError,
  NotAQueueError,
  type RecoveryAction,
  type SavedPosition,
} from '@chronicle-ts/core'
import {
  absolutePath,
  CONTROL_DEVICE_OFFSET,
  CONTROL_FILE,
  CONTROL_IDENTITY_CRC_OFFSET,
  checkOptions,
  decodePosition,
  encodeControl,
  encodePosition,
  FLAG,
  type OptionNames,
  POSITION_LENGTH,
  parseReaderFileName,
  READERS_DIRECTORY,
  SEGMENT_FIRST_RECORD_OFFSET,
  segmentFileName,
  syncDirectory,
} from '@chronicle-ts/core/internal'
import { checksum } from '../cold/checksum.js'
import { coded } from '../cold/coded.js'
import { readColdControl } from '../cold/cold-control.js'
import { ColdFileError, readColdFile } from '../cold/cold-file.js'
import { inspectQueue } from '../cold/inspect-queue.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import { listQueue } from '../cold/queue-listing.js'
import type { QueueProblem } from '../cold/queue-problem.js'
import { type QueueVerification, verifyQueue } from '../cold/queue-verification.js'
import { readerFileNames } from '../cold/reader-file-names.js'
import { BACKUP_FILE, type BackupManifest } from './backup-manifest.js'
import { copyCompanions } from './companions.js'
import { type CopyMethod, copySegment } from './copy-segment.js'
import { inspectEnd } from './inspect-end.js'
import { isInside } from './is-inside.js'
import { openHead } from './open-head.js'
import { recoverOnce } from './recover-once.js'
import { TemporaryCopy } from './temporary-copy.js'
import { writeDurably } from './write-durably.js'

export interface BackupOptions {
  /** Copy positions of readers. Default: true. */
  readonly positions?: boolean
  /** Verify the copy: every checksum and sequence is read again from it. Default: true. */
  readonly verify?: boolean
  /** Write no manifest: the copy is a queue that is to be used. Default: false. */
  readonly isRestore?: boolean
}

const NAMES: OptionNames<BackupOptions> = { positions: FLAG, verify: FLAG, isRestore: FLAG }

export interface BackupProgress {
  readonly phase: 'copy' | 'verify'
  readonly bytes: number
  readonly bytesTotal: number
}

/** What was copied. */
export interface BackupReport extends BackupManifest {
  readonly directory: string
  readonly bytes: number
  readonly reflinked: number
  readonly copied: number
  /** Segments that retention deleted while the others were copied: the copy begins after them. */
  readonly retired: number
  /** What verifying found. A backup of a damaged queue is complete when it has the damage too. */
  readonly problems: readonly QueueProblem[]
}

/** A writer and its retention that are faster than this many copies of one queue leave nothing to copy. */
const RESTARTS_MAX = 20

/** What is copied, as it was at one moment. */
interface CopyPlan {
  readonly inspection: QueueInspection
  readonly positions: ReadonlyMap<string, { readonly bytes: Buffer; readonly position: SavedPosition }>
  readonly segmentIds: readonly number[]
  readonly segmentSize: number
}

/**
 * A consistent copy of a queue, also of one that is being written. It ends at a message boundary, no reader's position is after its end, and it has no gap that the queue has
 * not. Nothing is locked,
 * and neither writer nor readers notice it. Works in steps, so that the caller can show progress and stop.
 *
 * The copy is made under a temporary name beside the target and renamed when it is complete, verified and synced. {@link abandon} removes what was made; what a killed process left is removed by the next
 * copy to the same target.
 */
export class QueueBackup {
  readonly #source: string
  readonly #target: string
  readonly #folder: TemporaryCopy
  readonly #temporary: string
  readonly #options: BackupOptions
  #plan: CopyPlan
  #restarts = 0
  #next = 0
  #firstCopied: number | undefined
  #retired = 0
  #lastDropped = -1
  #methods: Record<CopyMethod, number> = { reflink: 0, copy: 0 }
  #bytes = 0
  #verification: QueueVerification | undefined
  #problems: readonly QueueProblem[] = []
  #records = 0
  #recovery: readonly RecoveryAction[] = []
  #phase: 'copy' | 'finish' | 'verify' | 'done' = 'copy'

  /**
   * @throws InvalidArgumentError when the target exists or lies in the queue; NotAQueueError when the source holds no segment; what the system says otherwise. Nothing was made then.
   */
  constructor(source: DirectoryPath, target: DirectoryPath, options: BackupOptions = {}) {
    checkOptions(options, NAMES)
    this.#source = absolutePath(source)
    this.#target = absolutePath(target)
    this.#options = options
    this.#plan = coded(this.#source, () => {
      this.#checkTarget()
      if (isInside(this.#target, this.#source))
        throw new InvalidArgumentError({ argument: 'target', value: this.#target, expected: 'a directory outside of the queue' })
      return planCopy(this.#source, options)
    })
    this.#folder = coded(this.#target, () => TemporaryCopy.make(this.#target))
    this.#temporary = this.#folder.path
  }

  get progress(): BackupProgress {
    const bytesTotal = this.#plan.segmentIds.length * this.#plan.segmentSize
    if (this.#verification === undefined) return { phase: 'copy', bytes: this.#next * this.#plan.segmentSize, bytesTotal }
    const { progress } = this.#verification
    return { phase: 'verify', bytes: progress.bytes, bytesTotal: progress.bytesTotal }
  }

  /** Copies one more segment, or verifies some more. Returns whether there is more to do. */
  step(): boolean {
    return coded(this.#temporary, () => {
      if (this.#phase === 'copy') this.#copyNext()
      else if (this.#phase === 'finish') this.#finishCopy()
      else if (this.#phase === 'verify') this.#verifySome()
      return this.#phase !== 'done'
    })
  }

  /** What the first open of a queue that is restored did. */
  get recovery(): readonly RecoveryAction[] {
    return this.#recovery
  }

  /** Gives the copy its name and returns what was copied. To be called when {@link step} has returned false. */
  commit(): BackupReport {
    return coded(this.#temporary, () => this.#commit())
  }

  #commit(): BackupReport {
    const manifest = this.#manifest()
    if (this.#options.isRestore !== true)
      writeDurably(join(this.#temporary, BACKUP_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`)
    syncDirectory(join(this.#temporary, READERS_DIRECTORY))
    syncDirectory(this.#temporary)
    if (this.#options.isRestore === true) this.#recovery = recoverOnce(this.#temporary)
    this.#checkTarget()
    this.#folder.rename(this.#target)
    return {
      ...manifest,
      directory: this.#target,
      bytes: this.#bytes,
      reflinked: this.#methods.reflink,
      copied: this.#methods.copy,
      retired: this.#retired,
      problems: this.#problems,
    }
  }

  /** Removes what was made so far. Without effect after {@link commit}. */
  abandon(): void {
    this.#verification?.close()
    this.#folder.abandon()
  }

  #checkTarget(): void {
    if (existsSync(this.#target))
      throw new InvalidArgumentError({ argument: 'target', value: this.#target, expected: 'a directory that does not exist' })
  }

  #copyNext(): void {
    const id = this.#plan.segmentIds[this.#next]
    this.#next += 1
    if (id === undefined) {
      this.#phase = 'finish'
      return
    }
    const { head } = this.#plan.inspection
    const name = segmentFileName(id)
    const isHead = id === head.segmentId
    const to = join(this.#temporary, name)
    const length = isHead ? head.offset : undefined
    const method = copySegment(join(this.#source, name), to, { length, segmentSize: this.#plan.segmentSize })
    if (method === undefined) {
      this.#noteMissing(id)
      return
    }
    if (length !== undefined) openHead(to, length)
    this.#firstCopied ??= id
    this.#methods[method] += 1
    this.#bytes += length ?? this.#plan.segmentSize
  }

  /**
   * Retention deletes from the lowest segment on: when it overtook the copy, what was copied before the gap is dropped. When the head of that moment is gone too, the copy begins again with the queue as it
   * is by now. What is missing otherwise is damage, which verifying reports.
   */
  #noteMissing(id: number): void {
    const isHead = id === this.#plan.inspection.head.segmentId
    const lowest = listQueue(this.#source).segmentIds[0] ?? id
    if (isHead && (lowest <= id || this.#restarts >= RESTARTS_MAX))
      throw new NotAQueueError({ directory: this.#source, detail: `its head, segment ${id}, cannot be copied` })
    if (lowest <= id) return
    const dropped = this.#plan.segmentIds.filter((copied) => copied <= id && copied > this.#lastDropped)
    this.#lastDropped = id
    for (const copied of dropped) rmSync(join(this.#temporary, segmentFileName(copied)), { force: true })
    this.#retired += dropped.length
    this.#firstCopied = undefined
    this.#methods = { reflink: 0, copy: 0 }
    this.#bytes = 0
    if (isHead) this.#beginAgain()
  }

  #beginAgain(): void {
    this.#restarts += 1
    this.#plan = planCopy(this.#source, this.#options)
    this.#next = 0
  }

  #finishCopy(): void {
    writeDurably(join(this.#temporary, CONTROL_FILE), this.#controlBytes())
    for (const [name, bytes] of this.#positionBytes()) writeDurably(join(this.#temporary, READERS_DIRECTORY, name), bytes)
    copyCompanions(this.#source, this.#temporary, 'copy')
    if (this.#options.verify === false) {
      this.#phase = 'done'
      return
    }
    this.#verification = verifyQueue(this.#temporary)
    this.#phase = 'verify'
  }

  /**
   * The positions as they were before the end was looked up. A reader that has left a segment since, which retention then deleted before it was copied, begins with the first that was copied: it
   * gets messages again, and loses none. One that did not move on has lost them in the original, too.
   */
  #positionBytes(): [name: string, bytes: Uint8Array][] {
    const first = this.#firstCopied ?? 0
    const isBehind = ({ position }: { readonly position: SavedPosition }) => position.segmentId < first
    const now = [...this.#plan.positions.values()].some(isBehind) ? readPositions(this.#source) : undefined
    return [...this.#plan.positions].map(([name, saved]) => {
      const later = now?.get(name)
      if (!isBehind(saved) || later === undefined || isBehind(later)) return [name, saved.bytes]
      const place = { segmentId: first, offset: SEGMENT_FIRST_RECORD_OFFSET }
      return [name, encodePosition({ ...saved.position, ...place }, checksum)]
    })
  }

  #verifySome(): void {
    if (this.#verification === undefined || this.#verification.step()) return
    const { problems, progress } = this.#verification
    this.#problems = problems.filter(({ severity }) => severity !== 'info')
    this.#records = progress.records
    this.#verification.close()
    this.#verification = undefined
    this.#phase = 'done'
  }

  /**
   * The control block of the moment in which the end was looked up. It keeps the identity of the original, so that the next writer recovers the copy as one. Nothing in it
   * says that a process is at work, or that anything is durable on the other disk.
   */
  #controlBytes(): Uint8Array {
    const { control, head, writer } = this.#plan.inspection
    const epoch = Math.max(1, control?.writerEpoch ?? writer.epoch ?? 1)
    const bytes = encodeControl({
      segmentSize: this.#plan.segmentSize,
      writerEpoch: epoch,
      extensionEpoch: epoch % 0x1_0000_0000,
      createdNs: control?.createdNs ?? 0n,
      currentSegment: head.segmentId ?? 0,
      firstSegmentPlusOne: (this.#firstCopied ?? 0) + 1,
      writeOffset: head.offset ?? 64,
      writerHeartbeatNs: writer.lastHeartbeatNs ?? 0n,
      nextSequence: head.nextSequence ?? 0,
      ...(control !== undefined && {
        bootId: control.bootId,
        queueId: control.queueId,
        replicaTerm: control.replicaTerm,
        sourceQueueId: control.sourceQueueId,
      }),
    })
    const original = readColdControl(this.#source).bytes
    if (original !== undefined && original.length >= bytes.length)
      bytes.set(original.subarray(CONTROL_DEVICE_OFFSET, CONTROL_IDENTITY_CRC_OFFSET + 4), CONTROL_DEVICE_OFFSET)
    return bytes
  }

  #manifest(): BackupManifest {
    const { control, head } = this.#plan.inspection
    const first = inspectQueue(this.#temporary, { quick: true, segmentLimit: 2 }).first
    return {
      schemaVersion: 1,
      queueId:
        control === undefined || control.queueId.every((byte) => byte === 0) ? '' : Buffer.from(control.queueId).toString('hex'),
      source: this.#source,
      takenAt: new Date(Number(this.#plan.inspection.inspectedNs / 1_000_000n)).toISOString(),
      segments: this.#methods.copy + this.#methods.reflink,
      firstSequence: first?.sequence ?? null,
      nextSequence: head.nextSequence ?? null,
      records: this.#records,
      readers: [...this.#plan.positions.keys()].flatMap((file) => parseReaderFileName(file) ?? []),
    }
  }
}

/** @throws NotAQueueError when there is no segment; what the system says. */
function planCopy(source: string, options: BackupOptions): CopyPlan {
  // Positions come first: the end that is looked up afterwards is not before any of them.
  const positions = options.positions === false ? new Map() : readPositions(source)
  const inspection = inspectEnd(source)
  const { head, segments, segmentSize } = inspection
  const headId = head.segmentId
  if (!inspection.isQueue || segmentSize === undefined || headId === undefined || head.offset === undefined)
    throw new NotAQueueError({ directory: source, detail: 'it holds no segment that could be copied' })
  const segmentIds = segmentIdsOf(source, segments).filter((id) => id <= headId)
  return { inspection, positions, segmentIds, segmentSize }
}

function segmentIdsOf(directory: string, { firstId, lastId, count }: QueueInspection['segments']): number[] {
  if (firstId === undefined || lastId === undefined) return []
  if (lastId - firstId + 1 === count) return Array.from({ length: count }, (_, index) => firstId + index)
  return [...listQueue(directory).segmentIds]
}

/** The position files that are valid, as they are. A save may go on meanwhile: then one of the two slots is whole. */
function readPositions(directory: string): Map<string, { bytes: Buffer; position: SavedPosition }> {
  const positions = new Map<string, { bytes: Buffer; position: SavedPosition }>()
  for (const name of readerNamesOf(directory)) {
    if (parseReaderFileName(name) === undefined) continue
    const bytes = readPositionFile(join(directory, READERS_DIRECTORY, name))
    const position = bytes === undefined ? 'bad' : decodePosition(bytes, checksum)
    if (bytes !== undefined && position !== 'bad') positions.set(name, { bytes, position })
  }
  return positions
}

/** No reader has a position where a file stands in the place of their folder. @throws ColdFileError when the folder cannot be listed, or is a link. */
function readerNamesOf(directory: string): string[] {
  try {
    return readerFileNames(directory)
  } catch (error) {
    if (error instanceof ColdFileError && error.code === 'ENOTDIR') return []
    throw error
  }
}

/** `undefined` for what is not a file: the reader then begins again, as it would in the original. @throws ColdFileError for a file that cannot be read: a copy without it would not be whole. */
function readPositionFile(path: string): Buffer | undefined {
  try {
    return readColdFile(path, POSITION_LENGTH)
  } catch (error) {
    if (error instanceof ColdFileError && error.isNotAFile) return undefined
    throw error
  }
}
