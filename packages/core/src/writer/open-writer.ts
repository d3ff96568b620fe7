import { existsSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { binding } from '@chronicle-ts/native'
import { createControl, publishControl, removeTemporaryControl } from '../control/create-control.js'
import { type MappedControl, newQueueId } from '../control/mapped-control.js'
import { controlError, mapControl, readControl } from '../control/open-control.js'
import { isWatched, publish } from '../diagnostics.js'
import {
  BadSegmentError,
  fromSystemError,
  InvalidArgumentError,
  isQueueError,
  NotAQueueError,
  QueueError,
  UnsupportedVersionError,
} from '../errors/index.js'
import { absolutePath, type DirectoryPath } from '../files/absolute-path.js'
import { bootId } from '../files/machine.js'
import { createDirectory } from '../files/make-directory.js'
import { folderModeFor, QueueDirectory } from '../files/queue-directory.js'
import { ReleaseStack } from '../files/release-stack.js'
import { syncParents } from '../files/sync-directory.js'
import { WriterLock } from '../files/writer-lock.js'
import {
  CONTROL_FEATURE_PARKED_READERS,
  CONTROL_FILE,
  CONTROL_TEMPORARY_FILE,
  LOCK_FILE,
  type NewControlBlock,
  READERS_DIRECTORY,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_SIZE_MIN,
  segmentFileName,
  segmentTemporaryFileName,
  WRITE_BACK_FAILED,
  WRITE_BACK_GOOD,
} from '../format/index.js'
import { recordCapacity } from '../records/place.js'
import { highestReaderSegment } from '../recovery/positions-seen.js'
import { recoverQueue } from '../recovery/recover-queue.js'
import { RecoveryContext, type Tail } from '../recovery/recovery-context.js'
import { refuseSharedFiles } from '../recovery/refuse-shared-files.js'
import { linkAside, quarantineName, setFileAside } from '../recovery/set-aside.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { listSegments, openDamagedSegment } from '../segment/segment-files.js'
import { SegmentPreparer } from '../segment/segment-preparer.js'
import { freeConsumed } from './free-consumed.js'
import { checkLimits } from './limits.js'
import { QueueWriter } from './queue-writer.js'
import { contradictsSegments, findOldControl, type Geometry, outweighControl, rebuildControl } from './rebuild-control.js'
import { type ResolvedWriterOptions, resolveWriterOptions, type WriterOptions } from './writer-options.js'

/**
 * Opens a queue for writing, creates it when it does not exist, and recovers the state that the last writer left. Synchronous. One writer at a time: the
 * lock is held until {@link QueueWriter.close} or the end of the process.
 *
 * @param directory the queue's directory; made, with its parents, when missing.
 * @throws `WriterActiveError` `ERR_WRITER_ACTIVE`, {@link NotAQueueError}, {@link UnsupportedVersionError}, `NoSpaceError`,
 * `PermissionError`, {@link InvalidArgumentError}.
 * @example
 * ```ts
 * using writer = openWriter('/var/lib/feed/trades')
 * writer.append(1, Buffer.from('hello'))
 * ```
 */
export function openWriter(directory: DirectoryPath, options: WriterOptions = {}): QueueWriter {
  return openWriterAt(absolutePath(directory), resolveWriterOptions(options))
}

function openWriterAt(path: string, resolved: ResolvedWriterOptions): QueueWriter {
  // Before anything is made. A queue that exists keeps its segment size, and is asked for it below.
  if (!existsSync(path)) checkLimits(resolved, resolved.segmentSize)
  if (resolved.cpus.length > 0) pinThread(resolved.cpus)
  try {
    return openOnce(path, resolved)
  } catch (error) {
    if (!isQueueError(error, 'ERR_NO_SPACE') || !freeConsumed(path, resolved)) throw error
    return openOnce(path, resolved)
  }
}

function openOnce(path: string, resolved: ResolvedWriterOptions): QueueWriter {
  const releases = new ReleaseStack()
  const made: Made = { topmost: undefined }
  try {
    return openHeld(path, resolved, { releases, made })
  } catch (cause) {
    releases.releaseAll()
    throw fromSystemError(cause, { path })
  }
}

/** What an open has made that did not exist; nothing, once it has succeeded. */
interface Made {
  topmost: string | undefined
}

/** Everything that is acquired is given back by `releases`: when this throws, and when the writer is closed. */
function openHeld(
  path: string,
  resolved: ResolvedWriterOptions,
  { releases, made }: { releases: ReleaseStack; made: Made },
): QueueWriter {
  createDirectory(path, folderModeFor(resolved.mode), made)
  const directory = QueueDirectory.open(path, resolved.mode)
  releases.push(() => directory.close())
  releases.push(() => removeFolders(path, made))
  const lock = WriterLock.acquire(directory)
  let named = false
  // Until the record names this writer, it is the evidence of how the last one ended.
  releases.push(() => lock.release({ clears: named }))
  releases.push(() => removeFiles(directory, made))
  const { created, rebuilt } = ensureControl(lock, resolved)
  const control = mapControl(directory, true, rebuilt === undefined ? CONTROL_FILE : CONTROL_TEMPORARY_FILE)
  releases.push(() => control.close())
  checkLimits(resolved, control.segmentSize)
  const preparer = makePreparer(lock, control.segmentSize, resolved)
  releases.push(() => preparer.dispose())
  const { saidSequence = 0, saysNext = false } = rebuilt ?? {}
  const origin = { isCopy: control.isCopy, isRebuilt: rebuilt !== undefined, saidSequence, saysNext }
  const context = new RecoveryContext(directory, control, control.segmentSize, preparer, origin)
  // Does nothing once the changes are applied.
  releases.push(() => context.changes.discard())
  if (rebuilt !== undefined) planRebuiltControl(context, rebuilt)
  if (lock.previous !== undefined) context.note('stale-lock', { segmentId: 0 }, `held by process ${lock.previous.pid}`)
  if (!created) refuseSharedFiles(directory, control)
  return rememberFailedSync(control, () => {
    const tail = created ? beginningOf(directory, control, resolved) : recoverQueue(context)
    releases.push(() => tail.segment.close())
    const epoch = created ? 1 : control.writerEpochAcquire() + 1
    checkCounts(directory, tail, epoch)
    // Up to here nothing was changed that an error would not take back.
    context.changes.apply()
    // The last writer may have died between naming a segment and syncing its name, and recovery renames too.
    if (!created) directory.sync()
    takeOver({ control, tail, epoch, options: resolved })
    named = true
    lock.writeRecord(epoch)
    if (context.actions.length > 0 && isWatched('chronicle:recovery'))
      publish('chronicle:recovery', { directory: directory.path, cases: context.actions.map((action) => action.case) })
    const opened = { releases, directory, lock, control, preparer, tail, epoch, options: resolved, recovery: context.actions }
    const writer = QueueWriter.of(opened)
    made.topmost = undefined
    return writer
  })
}

/** The kernel does not fail a sync twice for the same pages: the next open has to know. */
function rememberFailedSync<Result>(control: MappedControl, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    const origin = cause instanceof QueueError ? cause.cause : cause
    const { syscall } = (origin ?? {}) as NodeJS.ErrnoException
    if (syscall !== undefined && SYNC_CALLS.includes(syscall)) control.storeWriteBack(WRITE_BACK_FAILED)
    throw cause
  }
}

const SYNC_CALLS = ['msync', 'fsync', 'fdatasync']

/** Deletes the files of a queue that could not be made, in a directory that this open made, unless a reader came. The lock is held; files of other names are of other programs. */
function removeFiles(directory: QueueDirectory, { topmost }: Made): void {
  if (topmost === undefined) return
  if (existsSync(directory.at(READERS_DIRECTORY))) rmdirSync(directory.at(READERS_DIRECTORY))
  const segments = listSegments(directory).flatMap((id) => [segmentFileName(id), segmentTemporaryFileName(id)])
  for (const name of [CONTROL_FILE, CONTROL_TEMPORARY_FILE, ...segments, LOCK_FILE]) rmSync(directory.at(name), { force: true })
}

/** The directories that a failed open made, as far as they are empty. */
function removeFolders(path: string, { topmost }: Made): void {
  if (topmost === undefined) return
  for (let folder = path; ; folder = dirname(folder)) {
    rmdirSync(folder)
    if (folder === topmost) return
  }
}

function pinThread(cpus: readonly number[]): void {
  try {
    binding.setThreadAffinity([...cpus])
  } catch (cause) {
    const isNone = cause instanceof RangeError || (cause as NodeJS.ErrnoException).code === 'EINVAL'
    if (isNone)
      throw new InvalidArgumentError(
        { argument: 'cpu', value: cpus.join(), expected: 'CPUs that this process may use' },
        { cause },
      )
    throw fromSystemError(cause, { syscall: 'sched_setaffinity' })
  }
}

function makePreparer(lock: WriterLock, segmentSize: number, options: ResolvedWriterOptions): SegmentPreparer {
  return new SegmentPreparer({
    directory: lock.directory,
    lock,
    segmentSize,
    extensions: options.extensions,
    prefault: options.prefault !== false,
    lockMemory: options.mlock,
    hugePages: options.hugePages,
  })
}

/** Makes sure that a valid `control.meta` exists. No other process creates or repairs while the lock is held, so an unfinished one stays so. */
function ensureControl(lock: WriterLock, options: ResolvedWriterOptions): { created: boolean; rebuilt: Geometry | undefined } {
  const { directory } = lock
  const { state, block, bytes } = readControl(directory)
  const found = block === undefined || bytes === undefined ? undefined : { block, bytes }
  if (state === 'ready' && (found === undefined || !contradictsSegments(directory, found)))
    return { created: false, rebuilt: undefined }
  const isUnknown = state === 'foreign' || state === 'version' || state === 'geometry'
  if (isUnknown && (found === undefined || !outweighControl(directory, found, state === 'version')))
    throw controlError(directory, { state, block, waitedMs: 0 })
  const rebuilt = rebuildControl(directory, findOldControl(directory))
  if (rebuilt !== undefined) return { created: false, rebuilt }
  checkLimits(options, options.segmentSize)
  createQueue(lock, options, state !== 'absent')
  return { created: true, rebuilt: undefined }
}

/** The rebuilt block takes its name when the open succeeds; what had it before is kept. */
function planRebuiltControl(context: RecoveryContext, { headId }: Geometry): void {
  const { directory, changes } = context
  context.note('lost-control', { segmentId: headId }, 'rebuilt from the segments')
  changes.undoWith(() => removeTemporaryControl(directory))
  context.keepSecondName(CONTROL_FILE)
  changes.replace(() => publishControl(directory))
}

/**
 * Segment first, control block last (L8). The block has the boot id from the beginning: a block without one would make a power cut look like the death of a
 * process.
 */
function createQueue(lock: WriterLock, options: ResolvedWriterOptions, hasControl: boolean): void {
  const { directory } = lock
  const unusable = listSegments(directory)
  const segmentId = Math.max(unusable.at(-1) ?? -1, highestReaderSegment(directory)) + 1
  const preparer = makePreparer(lock, options.segmentSize, options)
  preparer.publish(segmentId)
  const header = openFirstPage(directory, segmentId)
  const firstSequence = firstSequenceOfNew(directory, segmentId, options)
  // Said before the queue exists: a crash from here on leaves a queue that begins there.
  if (options.extensions) header.storeFirstSequence(firstSequence, 1)
  // Nothing else keeps it when the machine stops before the first flush.
  if (firstSequence > 0) binding.syncRange(header.mapping, 0, SEGMENT_HEADER_LENGTH)
  header.close()
  if (hasControl) linkAside(directory, CONTROL_FILE, quarantineName(CONTROL_FILE))
  createControl(directory, {
    segmentSize: options.segmentSize,
    writerEpoch: 1,
    currentSegment: segmentId,
    ...(options.extensions ? firstExtensions(segmentId, firstSequence) : {}),
  })
  for (const id of unusable) setFileAside(directory, segmentFileName(id))
  syncParents(directory.path, directory.path)
}

function firstExtensions(segmentId: number, nextSequence: number): Partial<NewControlBlock> {
  return {
    bootId: bootId(),
    queueId: newQueueId(),
    extensionEpoch: 1,
    features: CONTROL_FEATURE_PARKED_READERS,
    nextSequence,
    dirtyEnd: SEGMENT_HEADER_LENGTH,
    dirtySegment: segmentId,
  }
}

/** All that JavaScript needs of a segment without records: a view of the whole would make the engine collect garbage. */
function openFirstPage(directory: QueueDirectory, segmentId: number): MappedSegment {
  const segment = openDamagedSegment(directory, segmentId, SEGMENT_SIZE_MIN, true)
  if (segment !== undefined) return segment
  throw new BadSegmentError({ path: directory.path, segmentId, detail: 'it vanished while the queue was made' })
}

/** A queue that was made a moment ago has nothing to recover. */
function beginningOf(directory: QueueDirectory, control: MappedControl, options: ResolvedWriterOptions): Tail {
  const segmentId = control.currentSegmentAcquire()
  const segment = openFirstPage(directory, segmentId)
  return { segment, offset: SEGMENT_HEADER_LENGTH, nextSequence: firstSequenceOfNew(directory, segmentId, options) }
}

/** Readers that are there already have been in a queue that is lost as a whole: none of its sequences is given out again. */
function firstSequenceOfNew(directory: QueueDirectory, segmentId: number, options: ResolvedWriterOptions): number {
  const { firstSequence, segmentSize } = options
  if (highestReaderSegment(directory) < 0) return firstSequence
  return Math.max(firstSequence, recordCapacity({ segmentId, offset: SEGMENT_HEADER_LENGTH }, segmentSize))
}

/** Records count to 2^53 - 1; only damage comes near it. */
function checkCounts(directory: QueueDirectory, tail: Tail, epoch: number): void {
  if (Number.isSafeInteger(tail.nextSequence) && Number.isSafeInteger(epoch)) return
  const detail = `its counts are at their end: nextSequence=${tail.nextSequence} epoch=${epoch}`
  throw new BadSegmentError({ path: directory.path, segmentId: tail.segment.id, detail })
}

/**
 * Stores which writer has the queue now. The epoch goes up before the extension fields count as this writer's, and those are stored before. All of it is on the disk before a
 * record carries the epoch, so that no epoch is used twice.
 */
function takeOver(opened: { control: MappedControl; tail: Tail; epoch: number; options: ResolvedWriterOptions }): void {
  const { control, epoch, options } = opened
  control.storeWriterHeartbeatNs(binding.realtimeNs())
  forgetOtherRuns(control)
  control.storeWriterEpochRelease(epoch)
  if (options.extensions || control.isCopy) control.storeIdentity()
  if (options.extensions) storeExtensions(opened)
  control.sync()
}

/** What a sync of an earlier run of the machine left in doubt, recovery has read from the disk. */
function forgetOtherRuns(control: MappedControl): void {
  const recorded = control.readBootId()
  if (recorded !== undefined && Buffer.compare(recorded, bootId()) !== 0) control.storeWriteBack(WRITE_BACK_GOOD)
}

function storeExtensions(opened: { control: MappedControl; tail: Tail; epoch: number }): void {
  const { control, tail, epoch } = opened
  control.storeBootId(bootId())
  if (control.readCreatedNs() === 0n) control.storeCreatedNs(binding.realtimeNs())
  control.storeNextSequence(tail.nextSequence)
  control.storeDirtyEnd({ segmentId: tail.segment.id, offset: tail.offset })
  control.storeWriterBlocked(false)
  if (tail.offset === SEGMENT_HEADER_LENGTH) tail.segment.storeFirstSequence(tail.nextSequence, epoch)
  control.storeExtensionEpochRelease(epoch)
  if (control.readSequenceFloor() > 0) control.storeSequenceFloor(0)
}
