import { CONTROL_SEQUENCE_FLOOR_CRC_OFFSET, CONTROL_SEQUENCE_FLOOR_OFFSET } from './control-layout.js'
import type { Crc32 } from './field.js'
import { getUint64, setUint64, viewOf } from './uint64.js'

const FLOOR_END = CONTROL_SEQUENCE_FLOOR_OFFSET + 8

/**
 * Returns the lowest sequence that the next writer may give out, as a recovery that did not come to its end stored it in a control block's bytes. 0 when there is none. The CRC
 * keeps damage from raising the sequence of a queue.
 */
export function decodeSequenceFloor(control: Uint8Array, crc32: Crc32): number {
  const view = viewOf(control)
  const floor = getUint64(view, CONTROL_SEQUENCE_FLOOR_OFFSET)
  const isStored = view.getUint32(CONTROL_SEQUENCE_FLOOR_CRC_OFFSET, true) === crcOf(control, crc32)
  return isStored && Number.isSafeInteger(floor) ? floor : 0
}

/** Stores a floor in a control block's bytes; 0 clears it. */
export function storeSequenceFloor(control: Uint8Array, floor: number, crc32: Crc32): void {
  const view = viewOf(control)
  setUint64(view, CONTROL_SEQUENCE_FLOOR_OFFSET, floor)
  view.setUint32(CONTROL_SEQUENCE_FLOOR_CRC_OFFSET, floor === 0 ? 0 : crcOf(control, crc32), true)
}

function crcOf(control: Uint8Array, crc32: Crc32): number {
  return crc32(control.subarray(CONTROL_SEQUENCE_FLOOR_OFFSET, FLOOR_END))
}
