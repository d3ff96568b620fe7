import { CONTROL_DURABLE_SLOT_0_OFFSET, CONTROL_DURABLE_SLOT_1_OFFSET } from './control-layout.js'
import type { Crc32, Field } from './field.js'
import { getUint64, setUint64, viewOf } from './uint64.js'

/**
 * Layout of one durable slot. The control block has two of them, at 64 and 96, written in turn after a sync. Integers are little-endian.
 *
 * ```text
        0       1       2       3       4       5       6       7
      +---------------------------------------------------------------+
    0 |                            sequence                           |
      +---------------------------------------------------------------+
    8 |                             offset                            |
      +-------------------------------+-------------------------------+
   16 |           segmentId           |           generation          |
      +-------------------------------+-------------------------------+
   24 |              crc              |              zero             |
      +-------------------------------+-------------------------------+
 * ```
 *
 * Everything before the record with this `sequence` survives a power cut; that record begins, or would begin, at `offset` of `segmentId`. A
 * save adds one to the generation, which comes round, and writes slot generation % 2. `crc` is the CRC-32 of the slot's first 24 bytes.
 */
export const DURABLE_SLOT_LENGTH = 32
export const DURABLE_SLOT_COUNT = 2

export const DURABLE_SEQUENCE_OFFSET = 0
export const DURABLE_OFFSET_OFFSET = 8
export const DURABLE_SEGMENT_ID_OFFSET = 16
export const DURABLE_GENERATION_OFFSET = 20
export const DURABLE_CRC_OFFSET = 24
export const DURABLE_ZERO_OFFSET = 28
/** How many leading bytes of a slot its CRC covers. */
export const DURABLE_CRC_COVERAGE = 24

export const DURABLE_FIELDS: readonly Field[] = [
  { name: 'sequence', offset: DURABLE_SEQUENCE_OFFSET, length: 8 },
  { name: 'offset', offset: DURABLE_OFFSET_OFFSET, length: 8 },
  { name: 'segmentId', offset: DURABLE_SEGMENT_ID_OFFSET, length: 4 },
  { name: 'generation', offset: DURABLE_GENERATION_OFFSET, length: 4 },
  { name: 'crc', offset: DURABLE_CRC_OFFSET, length: 4 },
  { name: 'zero', offset: DURABLE_ZERO_OFFSET, length: 4 },
]

/** How far the queue is known to survive a power cut. */
export interface DurableMark {
  /** All records before this sequence are durable. */
  readonly sequence: number
  /** Where the record with that sequence begins. */
  readonly segmentId: number
  readonly offset: number
  readonly generation: number
}

/** Where a slot stands in the control block. */
export function durableSlotOffset(slot: number): number {
  return slot === 0 ? CONTROL_DURABLE_SLOT_0_OFFSET : CONTROL_DURABLE_SLOT_1_OFFSET
}

/** The newest valid mark of a control block's bytes, or `undefined` when no message was ever made durable. */
export function decodeDurableMark(control: Uint8Array, crc32: Crc32): DurableMark | undefined {
  const first = decodeDurableSlot(control, 0, crc32)
  const second = decodeDurableSlot(control, 1, crc32)
  if (first === undefined || second === undefined) return first ?? second
  return isNewer(second.generation, first.generation) ? second : first
}

/** Generations of 32 bits come round after some weeks of a thousand syncs a second: 0 is newer than the last of them. */
function isNewer(one: number, other: number): boolean {
  return ((one - other) | 0) > 0
}

/** One slot of a control block's bytes, or `undefined` when its CRC does not match. A slot of zeros is not valid. */
export function decodeDurableSlot(control: Uint8Array, slot: number, crc32: Crc32): DurableMark | undefined {
  const at = durableSlotOffset(slot)
  const bytes = control.subarray(at, at + DURABLE_SLOT_LENGTH)
  const view = viewOf(bytes)
  if (view.getUint32(DURABLE_CRC_OFFSET, true) !== crc32(bytes.subarray(0, DURABLE_CRC_COVERAGE))) return undefined
  return {
    sequence: getUint64(view, DURABLE_SEQUENCE_OFFSET),
    segmentId: view.getUint32(DURABLE_SEGMENT_ID_OFFSET, true),
    offset: getUint64(view, DURABLE_OFFSET_OFFSET),
    generation: view.getUint32(DURABLE_GENERATION_OFFSET, true),
  }
}

/** The 32 bytes of a slot; it belongs at `durableSlotOffset(mark.generation % 2)`. */
export function encodeDurableSlot(mark: DurableMark, crc32: Crc32): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(DURABLE_SLOT_LENGTH)
  const view = viewOf(bytes)
  setUint64(view, DURABLE_SEQUENCE_OFFSET, mark.sequence)
  setUint64(view, DURABLE_OFFSET_OFFSET, mark.offset)
  view.setUint32(DURABLE_SEGMENT_ID_OFFSET, mark.segmentId, true)
  view.setUint32(DURABLE_GENERATION_OFFSET, mark.generation, true)
  view.setUint32(DURABLE_CRC_OFFSET, crc32(bytes.subarray(0, DURABLE_CRC_COVERAGE)), true)
  return bytes
}
