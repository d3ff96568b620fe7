import {
  CONTROL_BOOT_ID_LENGTH,
  CONTROL_BOOT_ID_OFFSET,
  CONTROL_CREATED_NS_OFFSET,
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_DIRTY_END_OFFSET,
  CONTROL_DIRTY_SEGMENT_OFFSET,
  CONTROL_EXTENSION_EPOCH_OFFSET,
  CONTROL_FEATURES_OFFSET,
  CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET,
  CONTROL_INIT_STATE_OFFSET,
  CONTROL_LAST_APPEND_NS_OFFSET,
  CONTROL_LENGTH,
  CONTROL_MAGIC,
  CONTROL_MAGIC_OFFSET,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_NOTIFY_SEQUENCE_OFFSET,
  CONTROL_PARKED_READERS_OFFSET,
  CONTROL_PROGRESS_SEQUENCE_OFFSET,
  CONTROL_QUEUE_ID_LENGTH,
  CONTROL_QUEUE_ID_OFFSET,
  CONTROL_REPLICA_TERM_OFFSET,
  CONTROL_SEGMENT_GENERATION_OFFSET,
  CONTROL_SEGMENT_SIZE_OFFSET,
  CONTROL_SOURCE_QUEUE_ID_OFFSET,
  CONTROL_VERSION,
  CONTROL_VERSION_OFFSET,
  CONTROL_WAITERS_PENDING_OFFSET,
  CONTROL_WRITE_BACK_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  CONTROL_WRITER_BLOCKED_OFFSET,
  CONTROL_WRITER_EPOCH_OFFSET,
  CONTROL_WRITER_HEARTBEAT_NS_OFFSET,
  INIT_STATE_READY,
  WRITE_BACK_GOOD,
} from './control-layout.js'
import { getUint64, setUint64, viewOf } from './uint64.js'

/** All fields of the control block but the durable slots and the identity of the file, as plain values. */
export interface ControlBlock {
  readonly magic: number
  readonly version: number
  readonly initState: number
  readonly writerEpoch: number
  readonly segmentSize: number
  /** 16 bytes of its own; all zero: absent. */
  readonly bootId: Uint8Array
  readonly extensionEpoch: number
  readonly features: number
  readonly createdNs: bigint
  readonly segmentGeneration: number
  readonly currentSegment: number
  readonly firstSegmentPlusOne: number
  readonly writeBack: number
  /** 16 bytes of its own; all zero: absent. */
  readonly queueId: Uint8Array
  /** 0 in queues that are not replicas. */
  readonly replicaTerm: number
  /** 16 bytes of its own; all zero in queues that are not replicas. */
  readonly sourceQueueId: Uint8Array
  readonly writeOffset: number
  readonly writerHeartbeatNs: bigint
  readonly nextSequence: number
  readonly dirtyEnd: number
  readonly dirtySegment: number
  readonly lastAppendNs: bigint
  readonly notifySequence: number
  readonly waitersPending: number
  readonly parkedReaders: number
  readonly progressSequence: number
  readonly writerBlocked: number
}

/**
 * Reads a control block as it is found, valid or not; {@link controlProblem} judges it. For cold paths: the fields are read one after the
 * other, so on a live block they need not belong together.
 *
 * @throws RangeError when the view is shorter than {@link CONTROL_LENGTH}.
 */
export function decodeControl(view: DataView): ControlBlock {
  const idAt = (offset: number) => new Uint8Array(view.buffer, view.byteOffset + offset, CONTROL_QUEUE_ID_LENGTH).slice()
  return {
    magic: view.getUint32(CONTROL_MAGIC_OFFSET, true),
    version: view.getUint32(CONTROL_VERSION_OFFSET, true),
    initState: view.getUint32(CONTROL_INIT_STATE_OFFSET, true),
    writerEpoch: getUint64(view, CONTROL_WRITER_EPOCH_OFFSET),
    segmentSize: getUint64(view, CONTROL_SEGMENT_SIZE_OFFSET),
    bootId: idAt(CONTROL_BOOT_ID_OFFSET),
    extensionEpoch: view.getUint32(CONTROL_EXTENSION_EPOCH_OFFSET, true),
    features: view.getUint32(CONTROL_FEATURES_OFFSET, true),
    createdNs: view.getBigUint64(CONTROL_CREATED_NS_OFFSET, true),
    segmentGeneration: view.getUint32(CONTROL_SEGMENT_GENERATION_OFFSET, true),
    currentSegment: view.getUint32(CONTROL_CURRENT_SEGMENT_OFFSET, true),
    firstSegmentPlusOne: getUint64(view, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET),
    writeBack: view.getUint32(CONTROL_WRITE_BACK_OFFSET, true),
    queueId: idAt(CONTROL_QUEUE_ID_OFFSET),
    replicaTerm: getUint64(view, CONTROL_REPLICA_TERM_OFFSET),
    sourceQueueId: idAt(CONTROL_SOURCE_QUEUE_ID_OFFSET),
    writeOffset: getUint64(view, CONTROL_WRITE_OFFSET_OFFSET),
    writerHeartbeatNs: view.getBigUint64(CONTROL_WRITER_HEARTBEAT_NS_OFFSET, true),
    nextSequence: getUint64(view, CONTROL_NEXT_SEQUENCE_OFFSET),
    dirtyEnd: getUint64(view, CONTROL_DIRTY_END_OFFSET),
    dirtySegment: view.getUint32(CONTROL_DIRTY_SEGMENT_OFFSET, true),
    lastAppendNs: view.getBigUint64(CONTROL_LAST_APPEND_NS_OFFSET, true),
    notifySequence: view.getUint32(CONTROL_NOTIFY_SEQUENCE_OFFSET, true),
    waitersPending: view.getUint32(CONTROL_WAITERS_PENDING_OFFSET, true),
    parkedReaders: view.getUint32(CONTROL_PARKED_READERS_OFFSET, true),
    progressSequence: view.getUint32(CONTROL_PROGRESS_SEQUENCE_OFFSET, true),
    writerBlocked: view.getUint32(CONTROL_WRITER_BLOCKED_OFFSET, true),
  }
}

/** What is known when a control block is made: everything left out is written as zero, which means absent. */
export type NewControlBlock = Pick<ControlBlock, 'segmentSize'> & Partial<Omit<ControlBlock, 'magic' | 'version'>>

/** The 512 bytes of a control block. Left out: initState ready, epoch 1, generation 2 (one seqlock write), offset 64, all else zero. */
export function encodeControl(control: NewControlBlock): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CONTROL_LENGTH)
  const view = viewOf(bytes)
  view.setUint32(CONTROL_MAGIC_OFFSET, CONTROL_MAGIC, true)
  view.setUint32(CONTROL_VERSION_OFFSET, CONTROL_VERSION, true)
  view.setUint32(CONTROL_INIT_STATE_OFFSET, control.initState ?? INIT_STATE_READY, true)
  setUint64(view, CONTROL_WRITER_EPOCH_OFFSET, control.writerEpoch ?? 1)
  setUint64(view, CONTROL_SEGMENT_SIZE_OFFSET, control.segmentSize)
  if (control.bootId !== undefined) bytes.set(control.bootId.subarray(0, CONTROL_BOOT_ID_LENGTH), CONTROL_BOOT_ID_OFFSET)
  view.setUint32(CONTROL_EXTENSION_EPOCH_OFFSET, control.extensionEpoch ?? 0, true)
  view.setUint32(CONTROL_FEATURES_OFFSET, control.features ?? 0, true)
  view.setBigUint64(CONTROL_CREATED_NS_OFFSET, control.createdNs ?? 0n, true)
  view.setUint32(CONTROL_SEGMENT_GENERATION_OFFSET, control.segmentGeneration ?? 2, true)
  view.setUint32(CONTROL_CURRENT_SEGMENT_OFFSET, control.currentSegment ?? 0, true)
  setUint64(view, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, control.firstSegmentPlusOne ?? 0)
  view.setUint32(CONTROL_WRITE_BACK_OFFSET, control.writeBack ?? WRITE_BACK_GOOD, true)
  if (control.queueId !== undefined) bytes.set(control.queueId.subarray(0, CONTROL_QUEUE_ID_LENGTH), CONTROL_QUEUE_ID_OFFSET)
  setUint64(view, CONTROL_REPLICA_TERM_OFFSET, control.replicaTerm ?? 0)
  if (control.sourceQueueId !== undefined)
    bytes.set(control.sourceQueueId.subarray(0, CONTROL_QUEUE_ID_LENGTH), CONTROL_SOURCE_QUEUE_ID_OFFSET)
  setUint64(view, CONTROL_WRITE_OFFSET_OFFSET, control.writeOffset ?? 64)
  view.setBigUint64(CONTROL_WRITER_HEARTBEAT_NS_OFFSET, control.writerHeartbeatNs ?? 0n, true)
  setUint64(view, CONTROL_NEXT_SEQUENCE_OFFSET, control.nextSequence ?? 0)
  setUint64(view, CONTROL_DIRTY_END_OFFSET, control.dirtyEnd ?? 0)
  view.setUint32(CONTROL_DIRTY_SEGMENT_OFFSET, control.dirtySegment ?? 0, true)
  view.setBigUint64(CONTROL_LAST_APPEND_NS_OFFSET, control.lastAppendNs ?? 0n, true)
  view.setUint32(CONTROL_NOTIFY_SEQUENCE_OFFSET, control.notifySequence ?? 0, true)
  view.setUint32(CONTROL_WAITERS_PENDING_OFFSET, control.waitersPending ?? 0, true)
  view.setUint32(CONTROL_PARKED_READERS_OFFSET, control.parkedReaders ?? 0, true)
  view.setUint32(CONTROL_PROGRESS_SEQUENCE_OFFSET, control.progressSequence ?? 0, true)
  view.setUint32(CONTROL_WRITER_BLOCKED_OFFSET, control.writerBlocked ?? 0, true)
  return bytes
}

/** Whether the extension fields belong to the present writer epoch, and so are valid. */
export function controlExtensionsAreCurrent(control: Pick<ControlBlock, 'extensionEpoch' | 'writerEpoch'>): boolean {
  return control.extensionEpoch !== 0 && control.extensionEpoch === control.writerEpoch % 0x1_0000_0000
}

export type ControlProblem = 'not ready' | 'bad magic' | 'bad version' | 'bad segment size'

/**
 * Why this block cannot be used, or `undefined`. A block that is not ready yet may become so; one without the magic is not a control block.
 *
 * @param isSegmentSize the bounds that apply, see `segment-layout.ts`.
 */
export function controlProblem(control: ControlBlock, isSegmentSize: (size: number) => boolean): ControlProblem | undefined {
  if (control.initState !== INIT_STATE_READY) return 'not ready'
  if (control.magic !== CONTROL_MAGIC) return 'bad magic'
  if (control.version !== CONTROL_VERSION) return 'bad version'
  if (!isSegmentSize(control.segmentSize)) return 'bad segment size'
  return undefined
}
