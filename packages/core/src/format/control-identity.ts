import {
  CONTROL_BIRTH_NS_OFFSET,
  CONTROL_DEVICE_OFFSET,
  CONTROL_IDENTITY_CRC_OFFSET,
  CONTROL_INODE_OFFSET,
  CONTROL_QUEUE_ID_LENGTH,
  CONTROL_QUEUE_ID_OFFSET,
  CONTROL_SEGMENT_SIZE_OFFSET,
} from './control-layout.js'
import type { Crc32 } from './field.js'
import { viewOf } from './uint64.js'

/**
 * Which file a control block is, as a writer recorded it in the block: a copy of the queue has the record of the original. The CRC covers `segmentSize` and
 * `queueId` too, so that the only place that has the segment size can be proved.
 */
export interface ControlIdentity {
  readonly device: bigint
  readonly inode: bigint
  /** Nanoseconds since 1970; 0n where the file system keeps no time of birth. */
  readonly birthNs: bigint
}

const IDENTITY_END = CONTROL_BIRTH_NS_OFFSET + 8
const SEGMENT_SIZE_LENGTH = 8

function coveredBytes(control: Uint8Array): Uint8Array {
  const covered = new Uint8Array(SEGMENT_SIZE_LENGTH + CONTROL_QUEUE_ID_LENGTH + IDENTITY_END - CONTROL_DEVICE_OFFSET)
  covered.set(control.subarray(CONTROL_SEGMENT_SIZE_OFFSET, CONTROL_SEGMENT_SIZE_OFFSET + SEGMENT_SIZE_LENGTH))
  covered.set(control.subarray(CONTROL_QUEUE_ID_OFFSET, CONTROL_QUEUE_ID_OFFSET + CONTROL_QUEUE_ID_LENGTH), SEGMENT_SIZE_LENGTH)
  covered.set(control.subarray(CONTROL_DEVICE_OFFSET, IDENTITY_END), SEGMENT_SIZE_LENGTH + CONTROL_QUEUE_ID_LENGTH)
  return covered
}

/** The identity recorded in a control block's bytes: `undefined` when none was, `'bad'` when its CRC does not match. */
export function decodeControlIdentity(control: Uint8Array, crc32: Crc32): ControlIdentity | 'bad' | undefined {
  const recorded = control.subarray(CONTROL_DEVICE_OFFSET, CONTROL_IDENTITY_CRC_OFFSET + 4)
  if (recorded.every((byte) => byte === 0)) return undefined
  const view = viewOf(control)
  if (view.getUint32(CONTROL_IDENTITY_CRC_OFFSET, true) !== crc32(coveredBytes(control))) return 'bad'
  return {
    device: view.getBigUint64(CONTROL_DEVICE_OFFSET, true),
    inode: view.getBigUint64(CONTROL_INODE_OFFSET, true),
    birthNs: view.getBigUint64(CONTROL_BIRTH_NS_OFFSET, true),
  }
}

/** Records an identity in a control block's bytes, whose segment size and queue id stand there already. */
export function storeControlIdentity(control: Uint8Array, identity: ControlIdentity, crc32: Crc32): void {
  const view = viewOf(control)
  view.setBigUint64(CONTROL_DEVICE_OFFSET, identity.device, true)
  view.setBigUint64(CONTROL_INODE_OFFSET, identity.inode, true)
  view.setBigUint64(CONTROL_BIRTH_NS_OFFSET, identity.birthNs, true)
  view.setUint32(CONTROL_IDENTITY_CRC_OFFSET, crc32(coveredBytes(control)), true)
}

/** Whether both name one file. A time of birth that either does not know proves nothing. */
export function isSameControlFile(one: ControlIdentity, other: ControlIdentity): boolean {
  const bornTogether = one.birthNs === 0n || other.birthNs === 0n || one.birthNs === other.birthNs
  return one.device === other.device && one.inode === other.inode && bornTogether
}
