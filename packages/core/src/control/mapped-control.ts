import { binding } from '@chronicle-ts/native'
import { SEQLOCK_TRIES } from '../defaults.js'
import type { FileIdentity } from '../files/file-identity.js'
import { bootId } from '../files/machine.js'
import { nodeCrypto } from '../files/node-crypto.js'
import {
  CONTROL_BOOT_ID_LENGTH,
  CONTROL_BOOT_ID_OFFSET,
  CONTROL_CREATED_NS_OFFSET,
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_DIRTY_END_OFFSET,
  CONTROL_DIRTY_SEGMENT_OFFSET,
  CONTROL_EXTENSION_EPOCH_OFFSET,
  CONTROL_FEATURE_PARKED_READERS,
  CONTROL_FEATURES_OFFSET,
  CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET,
  CONTROL_LENGTH,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_NOTIFY_SEQUENCE_OFFSET,
  CONTROL_PARKED_READERS_OFFSET,
  CONTROL_PROGRESS_SEQUENCE_OFFSET,
  CONTROL_QUEUE_ID_LENGTH,
  CONTROL_QUEUE_ID_OFFSET,
  CONTROL_SEGMENT_GENERATION_OFFSET,
  CONTROL_SEGMENT_SIZE_OFFSET,
  CONTROL_WAITERS_PENDING_OFFSET,
  CONTROL_WRITE_BACK_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  CONTROL_WRITER_BLOCKED_OFFSET,
  CONTROL_WRITER_EPOCH_OFFSET,
  CONTROL_WRITER_HEARTBEAT_NS_OFFSET,
  type ControlIdentity,
  DURABLE_SLOT_COUNT,
  DURABLE_SLOT_LENGTH,
  type DurableMark,
  decodeControlIdentity,
  decodeDurableMark,
  decodeSequenceFloor,
  durableSlotOffset,
  encodeDurableSlot,
  isSameControlFile,
  storeControlIdentity,
  storeSequenceFloor,
} from '../format/index.js'

const crc32 = (bytes: Uint8Array): number => binding.crc32(bytes)

/** The 16 bytes of a random UUID. */
export function newQueueId(): Uint8Array {
  return Buffer.from(nodeCrypto().randomUUID().replaceAll('-', ''), 'hex')
}

/** Where the writer appends: the head segment and the offset of its next record. */
export interface Head {
  readonly segmentId: number
  readonly offset: number
}

/**
 * The mapped `control.meta`: every word of it that more than one process touches, with the ordering in the accessor's name. Writers and readers
 * map it for writing, observers read-only; storing through a read-only mapping is a fault, so observers never call a `store` or `add`.
 *
 * Layout and meaning of every field: docs/format.md#control-meta.
 */
export class MappedControl {
  /** For loops that look at a few words only. */
  readonly words: Int32Array
  readonly #longs: BigUint64Array
  readonly #view: DataView

  constructor(
    readonly mapping: ArrayBuffer,
    readonly writable: boolean,
    /** Which file is mapped. */
    readonly file: ControlIdentity,
  ) {
    this.words = new Int32Array(mapping, 0, CONTROL_LENGTH / 4)
    this.#longs = new BigUint64Array(mapping, 0, CONTROL_LENGTH / 8)
    this.#view = new DataView(mapping, 0, CONTROL_LENGTH)
  }

  /** Of the file that is mapped. */
  get identity(): FileIdentity {
    return { dev: this.file.device, ino: this.file.inode }
  }

  get segmentSize(): number {
    return Number(this.#view.getBigUint64(CONTROL_SEGMENT_SIZE_OFFSET, true))
  }

  // -- words that the hot paths look at -----------------------------------------------------------------------------------------------

  notifySequenceAcquire(): number {
    return Atomics.load(this.words, CONTROL_NOTIFY_SEQUENCE_OFFSET >> 2) >>> 0
  }

  currentSegmentAcquire(): number {
    return Atomics.load(this.words, CONTROL_CURRENT_SEGMENT_OFFSET >> 2) >>> 0
  }

  writerBlockedAcquire(): boolean {
    return Atomics.load(this.words, CONTROL_WRITER_BLOCKED_OFFSET >> 2) !== 0
  }

  /** Announces that the writer waits for readers, with the second since which it does, or that it waits no longer. Only the writer stores this word. */
  storeWriterBlocked(blocked: boolean): void {
    if (blocked && this.writerBlockedAcquire()) return
    Atomics.store(this.words, CONTROL_WRITER_BLOCKED_OFFSET >> 2, blocked ? Math.floor(Date.now() / 1000) : 0)
  }

  progressSequenceAcquire(): number {
    return Atomics.load(this.words, CONTROL_PROGRESS_SEQUENCE_OFFSET >> 2) >>> 0
  }

  /** Notifies a blocked writer that a reader moved or left. */
  addProgressSequence(): void {
    Atomics.add(this.words, CONTROL_PROGRESS_SEQUENCE_OFFSET >> 2, 1)
    binding.futexWake(this.mapping, CONTROL_PROGRESS_SEQUENCE_OFFSET, 0x7fffffff)
  }

  // -- parking, see docs/decisions on waiting ------------------------------------------------------------------------------------------

  /** Whether the present writer clears `parkedReaders` itself. False for writers of the base format, which count `waitersPending`. */
  writerHonoursParkedReaders(): boolean {
    return (
      (this.#view.getUint32(CONTROL_FEATURES_OFFSET, true) & CONTROL_FEATURE_PARKED_READERS) !== 0 && this.extensionsAreCurrent()
    )
  }

  storeParkedReaders(): void {
    Atomics.store(this.words, CONTROL_PARKED_READERS_OFFSET >> 2, 1)
  }

  /** Whether a reader had announced to park; after this no announcement is left, and every reader checks again. */
  clearParkedReaders(): boolean {
    const parked = Atomics.exchange(this.words, CONTROL_PARKED_READERS_OFFSET >> 2, 0) !== 0
    if (parked) this.wakeReaders()
    return parked
  }

  addWaitersPending(change: 1 | -1): void {
    Atomics.add(this.words, CONTROL_WAITERS_PENDING_OFFSET >> 2, change)
  }

  /** Makes every parked reader look again, for instance after the writer changed. */
  wakeReaders(): void {
    Atomics.add(this.words, CONTROL_NOTIFY_SEQUENCE_OFFSET >> 2, 1)
    binding.futexWake(this.mapping, CONTROL_NOTIFY_SEQUENCE_OFFSET, 0x7fffffff)
  }

  // -- the head ------------------------------------------------------------------------------------------------------------------------

  /** Reads the head consistently, or returns `undefined` when the generation stays odd: its writer died in a roll. */
  readHead(): Head | undefined {
    for (let tries = 0; tries < SEQLOCK_TRIES; tries++) {
      const before = Atomics.load(this.words, CONTROL_SEGMENT_GENERATION_OFFSET >> 2)
      const segmentId = this.currentSegmentAcquire()
      const offset = Number(Atomics.load(this.#longs, CONTROL_WRITE_OFFSET_OFFSET >> 3))
      if ((before & 1) === 0 && Atomics.load(this.words, CONTROL_SEGMENT_GENERATION_OFFSET >> 2) === before)
        return { segmentId, offset }
    }
    return undefined
  }

  /**
   * Whether a live protocol says that the record at this offset was committed. A writer of this library, in this run of the machine, stores the commit word before it moves
   * the write offset on. Segment and offset are one pair of the seqlock: in the middle of a roll the new segment stands beside the old offset, and that says nothing.
   */
  saysCommittedAcquire(segmentId: number, offset: number): boolean {
    const generation = Atomics.load(this.words, CONTROL_SEGMENT_GENERATION_OFFSET >> 2)
    const writeOffset = Number(Atomics.load(this.#longs, CONTROL_WRITE_OFFSET_OFFSET >> 3))
    if (writeOffset <= offset || this.currentSegmentAcquire() !== segmentId || !this.extensionsAreCurrent()) return false
    if ((generation & 1) === 1 || Atomics.load(this.words, CONTROL_SEGMENT_GENERATION_OFFSET >> 2) !== generation) return false
    return this.isOfThisBoot() && !this.isCopy
  }

  /** The lock holder's way to set the head outside a roll: at recovery. Leaves the generation even, odd or even before. */
  storeHead(head: Head): void {
    const generation = Atomics.load(this.words, CONTROL_SEGMENT_GENERATION_OFFSET >> 2)
    const odd = generation | 1
    Atomics.store(this.words, CONTROL_SEGMENT_GENERATION_OFFSET >> 2, odd)
    Atomics.store(this.words, CONTROL_CURRENT_SEGMENT_OFFSET >> 2, head.segmentId)
    Atomics.store(this.#longs, CONTROL_WRITE_OFFSET_OFFSET >> 3, BigInt(head.offset))
    Atomics.store(this.words, CONTROL_SEGMENT_GENERATION_OFFSET >> 2, odd + 1)
  }

  // -- the writer's identity -----------------------------------------------------------------------------------------------------------

  writerEpochAcquire(): number {
    return Number(Atomics.load(this.#longs, CONTROL_WRITER_EPOCH_OFFSET >> 3))
  }

  storeWriterEpochRelease(epoch: number): void {
    Atomics.store(this.#longs, CONTROL_WRITER_EPOCH_OFFSET >> 3, BigInt(epoch))
  }

  writerHeartbeatNsAcquire(): bigint {
    return Atomics.load(this.#longs, CONTROL_WRITER_HEARTBEAT_NS_OFFSET >> 3)
  }

  storeWriterHeartbeatNs(heartbeatNs: bigint): void {
    Atomics.store(this.#longs, CONTROL_WRITER_HEARTBEAT_NS_OFFSET >> 3, heartbeatNs)
  }

  /** Stores a sign of life. */
  writerHeartbeat(): void {
    this.storeWriterHeartbeatNs(binding.realtimeNs())
  }

  /** Whether the extension fields belong to the present writer; otherwise they are leftovers and count as absent. */
  extensionsAreCurrent(): boolean {
    const extensionEpoch = this.#view.getUint32(CONTROL_EXTENSION_EPOCH_OFFSET, true)
    return extensionEpoch !== 0 && extensionEpoch === this.#view.getUint32(CONTROL_WRITER_EPOCH_OFFSET, true)
  }

  /** Whether a writer has ever kept the extension fields. */
  hasHadExtensions(): boolean {
    return this.#view.getUint32(CONTROL_EXTENSION_EPOCH_OFFSET, true) !== 0
  }

  /** Declares the extension fields valid for this epoch; the fields themselves were stored before. */
  storeExtensionEpochRelease(epoch: number): void {
    this.#view.setUint32(CONTROL_FEATURES_OFFSET, CONTROL_FEATURE_PARKED_READERS, true)
    Atomics.store(this.words, CONTROL_EXTENSION_EPOCH_OFFSET >> 2, epoch | 0)
  }

  // -- extension fields ----------------------------------------------------------------------------------------------------------------

  /** The boot id of the machine run in which the last writer of this library opened; `undefined` when absent. */
  readBootId(): Uint8Array | undefined {
    const id = new Uint8Array(this.mapping, CONTROL_BOOT_ID_OFFSET, CONTROL_BOOT_ID_LENGTH).slice()
    return id.every((byte) => byte === 0) ? undefined : id
  }

  storeBootId(id: Uint8Array): void {
    new Uint8Array(this.mapping, CONTROL_BOOT_ID_OFFSET, CONTROL_BOOT_ID_LENGTH).set(id)
  }

  readCreatedNs(): bigint {
    return this.#view.getBigUint64(CONTROL_CREATED_NS_OFFSET, true)
  }

  storeCreatedNs(createdNs: bigint): void {
    this.#view.setBigUint64(CONTROL_CREATED_NS_OFFSET, createdNs, true)
  }

  /** Sequence of the next record as the last writer of this library left it, or `undefined` when no such writer maintains it. */
  nextSequenceAcquire(): number | undefined {
    if (!this.extensionsAreCurrent()) return undefined
    return Number(Atomics.load(this.#longs, CONTROL_NEXT_SEQUENCE_OFFSET >> 3))
  }

  storeNextSequence(sequence: number): void {
    Atomics.store(this.#longs, CONTROL_NEXT_SEQUENCE_OFFSET >> 3, BigInt(sequence))
  }

  /** Up to where an append that never committed may have touched the segment; `undefined` when unknown. */
  readDirtyEnd(segmentId: number): number | undefined {
    if (!this.extensionsAreCurrent()) return undefined
    if (this.#view.getUint32(CONTROL_DIRTY_SEGMENT_OFFSET, true) !== segmentId) return 0
    return Number(this.#view.getBigUint64(CONTROL_DIRTY_END_OFFSET, true))
  }

  storeDirtyEnd(head: Head): void {
    this.#view.setUint32(CONTROL_DIRTY_SEGMENT_OFFSET, head.segmentId, true)
    this.#view.setBigUint64(CONTROL_DIRTY_END_OFFSET, BigInt(head.offset), true)
  }

  /** Hint: the lowest segment that exists. */
  firstSegmentAcquire(): number | undefined {
    const plusOne = Atomics.load(this.#longs, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET >> 3)
    return plusOne === 0n ? undefined : Number(plusOne) - 1
  }

  storeFirstSegment(segmentId: number): void {
    Atomics.store(this.#longs, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET >> 3, BigInt(segmentId) + 1n)
  }

  /** One of the `WRITE_BACK_*` values. Native code keeps it up to date around each sync. */
  writeBackAcquire(): number {
    return Atomics.load(this.words, CONTROL_WRITE_BACK_OFFSET >> 2) >>> 0
  }

  storeWriteBack(state: number): void {
    Atomics.store(this.words, CONTROL_WRITE_BACK_OFFSET >> 2, state)
  }

  /** The newest durable mark, or `undefined` when nothing was ever synced. */
  readDurableMark(): DurableMark | undefined {
    const bytes = new Uint8Array(this.mapping).slice(0, CONTROL_LENGTH)
    return decodeDurableMark(bytes, crc32)
  }

  /** Names the place up to which the queue is durable, as a sync would; what was marked before does not count any more. */
  storeDurableMark(mark: Omit<DurableMark, 'generation'>): void {
    const generation = (this.readDurableMark()?.generation ?? 0) + 1
    const slot = durableSlotOffset((generation >>> 0) % DURABLE_SLOT_COUNT)
    new Uint8Array(this.mapping).set(encodeDurableSlot({ ...mark, generation }, crc32), slot)
  }

  /** Forgets the durable marks: what they name is not known to be there. */
  clearDurableMarks(): void {
    for (let slot = 0; slot < DURABLE_SLOT_COUNT; slot++)
      new Uint8Array(this.mapping).fill(0, durableSlotOffset(slot), durableSlotOffset(slot) + DURABLE_SLOT_LENGTH)
  }

  /** Makes the block survive a power cut. @throws what the system says. */
  sync(): void {
    binding.syncRange(this.mapping, 0, CONTROL_LENGTH)
  }

  /** The lowest sequence that the next writer may give out, where a recovery that did not come to its end stored one; 0 otherwise. */
  readSequenceFloor(): number {
    return decodeSequenceFloor(new Uint8Array(this.mapping, 0, CONTROL_LENGTH).slice(), crc32)
  }

  /** {@link readSequenceFloor}; 0 clears it. */
  storeSequenceFloor(floor: number): void {
    storeSequenceFloor(new Uint8Array(this.mapping, 0, CONTROL_LENGTH), floor, crc32)
  }

  // -- identity ------------------------------------------------------------------------------------------------------------------------

  /** The queue's UUID, 16 bytes; `undefined` in a queue that no writer has given one. */
  readQueueId(): Uint8Array | undefined {
    const id = new Uint8Array(this.mapping, CONTROL_QUEUE_ID_OFFSET, CONTROL_QUEUE_ID_LENGTH).slice()
    return id.every((byte) => byte === 0) ? undefined : id
  }

  /** Gives the queue a UUID when it has none, and records which file its control block is. Before a record of this writer. */
  storeIdentity(): void {
    const bytes = new Uint8Array(this.mapping, 0, CONTROL_LENGTH)
    if (this.readQueueId() === undefined) bytes.set(newQueueId(), CONTROL_QUEUE_ID_OFFSET)
    storeControlIdentity(bytes, this.file, crc32)
  }

  /**
   * Whether a writer recorded another file than this one: the queue was copied since. Device numbers may change when the machine starts again, so that they count only
   * within one run of it.
   */
  get isCopy(): boolean {
    const recorded = decodeControlIdentity(new Uint8Array(this.mapping).slice(0, CONTROL_LENGTH), crc32)
    if (recorded === undefined || recorded === 'bad') return false
    const { file } = this
    return !isSameControlFile(this.isOfThisBoot() ? recorded : { ...recorded, device: file.device }, file)
  }

  /** Whether the last writer of this library opened the queue since the machine was started. */
  isOfThisBoot(): boolean {
    const recorded = this.readBootId()
    return recorded !== undefined && Buffer.compare(recorded, bootId()) === 0
  }

  close(): void {
    binding.unmap(this.mapping)
  }
}
