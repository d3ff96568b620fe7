import type { Crc32, Field } from './field.js'
import { getUint64, setUint64, viewOf } from './uint64.js'

/**
 * Layout of `readers/<name>.meta`: two slots of 40 bytes, one after the other. Each slot, integers little-endian:
 *
 * ```text
        0       1       2       3       4       5       6       7
      +---------------------------------------------------------------+
    0 |                           segmentId                           |
      +---------------------------------------------------------------+
    8 |                             offset                            |
      +---------------------------------------------------------------+
   16 |                          heartbeatNs                          |
      +---------------------------------------------------------------+
   24 |                           generation                          |
      +-------------------------------+-------------------------------+
   32 |              crc              |              zero             |
      +-------------------------------+-------------------------------+
 * ```
 *
 * `segmentId` and `offset` are the position of the next record to read. A save adds one to the generation and writes slot generation % 2, so a
 * crash in the middle of it leaves the other slot whole. `crc` is the CRC-32 of the slot's first 32 bytes. A new file's first save is generation 1
 * and so lands in slot 1. A renewal of the heartbeat while messages are unread leaves the other slot as it is: see {@link renewPosition}.
 *
 * Files of 8 bytes (an offset in segment 0) and of 16 bytes (segment, offset) were written by earlier versions of the base format.
 */
export const POSITION_SLOT_LENGTH = 40
export const POSITION_SLOT_COUNT = 2
export const POSITION_LENGTH = POSITION_SLOT_COUNT * POSITION_SLOT_LENGTH
export const POSITION_LEGACY_OFFSET_LENGTH = 8
export const POSITION_LEGACY_PAIR_LENGTH = 16

export const POSITION_SEGMENT_ID_OFFSET = 0
export const POSITION_OFFSET_OFFSET = 8
export const POSITION_HEARTBEAT_NS_OFFSET = 16
export const POSITION_GENERATION_OFFSET = 24
export const POSITION_CRC_OFFSET = 32
export const POSITION_ZERO_OFFSET = 36
/** How many leading bytes of a slot its CRC covers. */
export const POSITION_CRC_COVERAGE = 32

export const POSITION_FIELDS: readonly Field[] = [
  { name: 'segmentId', offset: POSITION_SEGMENT_ID_OFFSET, length: 8 },
  { name: 'offset', offset: POSITION_OFFSET_OFFSET, length: 8 },
  { name: 'heartbeatNs', offset: POSITION_HEARTBEAT_NS_OFFSET, length: 8 },
  { name: 'generation', offset: POSITION_GENERATION_OFFSET, length: 8 },
  { name: 'crc', offset: POSITION_CRC_OFFSET, length: 4 },
  { name: 'zero', offset: POSITION_ZERO_OFFSET, length: 4 },
]

/** A saved reader position. */
export interface SavedPosition {
  readonly segmentId: number
  /** Of the next record to read. */
  readonly offset: number
  readonly heartbeatNs: bigint
  /** 0 in a legacy file. */
  readonly generation: number
  readonly legacy: boolean
}

/** By how much a renewal's generation is above that of the slot that it keeps, at least. A save's is above by 1. */
const RENEWAL_GENERATIONS = 3

/**
 * The newest valid position of a meta file's bytes, or `'bad'` when no slot is valid or no reader writes that length.
 * The values are as saved: whether the segment exists and a record begins there is for the caller to find out.
 */
export function decodePosition(bytes: Uint8Array, crc32: Crc32): SavedPosition | 'bad' {
  const view = viewOf(bytes)
  if (bytes.length === POSITION_LEGACY_OFFSET_LENGTH) return legacyPosition(0, getUint64(view, 0))
  if (bytes.length === POSITION_LEGACY_PAIR_LENGTH) return legacyPosition(getUint64(view, 0), getUint64(view, 8))
  if (bytes.length !== POSITION_LENGTH) return 'bad'
  return decodeSlots(bytes, crc32).newest ?? 'bad'
}

/** When the position was saved that a meta file holds, renewals not counted; 0n in a legacy file. `undefined` where the file has no valid position. */
export function decodeCommitNs(bytes: Uint8Array, crc32: Crc32): bigint | undefined {
  const position = decodePosition(bytes, crc32)
  if (position === 'bad') return undefined
  if (position.legacy) return position.heartbeatNs
  return (keptSlot(decodeSlots(bytes, crc32)) ?? position).heartbeatNs
}

/**
 * Gives the position of a meta file a new heartbeat, in place, and keeps the time at which it was committed. The file of a reader that reads and does not commit, or is
 * started again and again, would look freshly committed with every heartbeat. The first renewal goes to the other slot, as a save does. Further ones replace it, so that the
 * slot of the commit stays. A torn renewal leaves that slot, which has the same position.
 */
export function renewPosition(bytes: Uint8Array, heartbeatNs: bigint, crc32: Crc32): void {
  const slots = decodeSlots(bytes, crc32)
  const { newest } = slots
  if (newest === undefined) return
  const generation = newest.generation + (keptSlot(slots) === undefined ? RENEWAL_GENERATIONS : POSITION_SLOT_COUNT)
  const slot = encodePositionSlot({ ...newest, heartbeatNs, generation }, crc32)
  bytes.set(slot, (generation % POSITION_SLOT_COUNT) * POSITION_SLOT_LENGTH)
}

/** The slot of the commit, where the newest one is a renewal of it. */
function keptSlot({ newest, other }: Slots): SavedPosition | undefined {
  if (newest === undefined || other === undefined) return undefined
  const isRenewed = newest.generation - other.generation >= RENEWAL_GENERATIONS
  return isRenewed && newest.segmentId === other.segmentId && newest.offset === other.offset ? other : undefined
}

/** What is valid of the two slots. */
interface Slots {
  readonly newest: SavedPosition | undefined
  readonly other: SavedPosition | undefined
}

function decodeSlots(bytes: Uint8Array, crc32: Crc32): Slots {
  const first = decodePositionSlot(bytes, 0, crc32)
  const second = decodePositionSlot(bytes, 1, crc32)
  const isSecondNewer = first === undefined || (second !== undefined && second.generation > first.generation)
  return isSecondNewer ? { newest: second, other: first } : { newest: first, other: second }
}

/** These forms have no checksum: a number that no field can hold shows that the bytes are not a position. */
function legacyPosition(segmentId: number, offset: number): SavedPosition | 'bad' {
  if (!Number.isSafeInteger(segmentId) || !Number.isSafeInteger(offset)) return 'bad'
  return { segmentId, offset, heartbeatNs: 0n, generation: 0, legacy: true }
}

/** Whether a meta file holds no position yet: it is empty, or of zeros. Its open is under way, or failed, or lost its power. Such a name has promised nothing. */
export function isBlankPosition(bytes: Uint8Array): boolean {
  return bytes.length === 0 || (bytes.length === POSITION_LENGTH && bytes.every((byte) => byte === 0))
}

/** One slot, or `undefined` when its CRC does not match. A slot of zeros is not valid, because the CRC of zeros is not zero. */
export function decodePositionSlot(bytes: Uint8Array, slot: number, crc32: Crc32): SavedPosition | undefined {
  const slotBytes = bytes.subarray(slot * POSITION_SLOT_LENGTH, (slot + 1) * POSITION_SLOT_LENGTH)
  const view = viewOf(slotBytes)
  if (view.getUint32(POSITION_CRC_OFFSET, true) !== crc32(slotBytes.subarray(0, POSITION_CRC_COVERAGE))) return undefined
  return {
    segmentId: getUint64(view, POSITION_SEGMENT_ID_OFFSET),
    offset: getUint64(view, POSITION_OFFSET_OFFSET),
    heartbeatNs: view.getBigUint64(POSITION_HEARTBEAT_NS_OFFSET, true),
    generation: getUint64(view, POSITION_GENERATION_OFFSET),
    legacy: false,
  }
}

/** The 40 bytes of one slot. */
export function encodePositionSlot(position: Omit<SavedPosition, 'legacy'>, crc32: Crc32): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(POSITION_SLOT_LENGTH)
  const view = viewOf(bytes)
  setUint64(view, POSITION_SEGMENT_ID_OFFSET, position.segmentId)
  setUint64(view, POSITION_OFFSET_OFFSET, position.offset)
  view.setBigUint64(POSITION_HEARTBEAT_NS_OFFSET, position.heartbeatNs, true)
  setUint64(view, POSITION_GENERATION_OFFSET, position.generation)
  view.setUint32(POSITION_CRC_OFFSET, crc32(bytes.subarray(0, POSITION_CRC_COVERAGE)), true)
  return bytes
}

/** The 80 bytes of a meta file that holds one position: its slot written, the other zero. The generation defaults to 1, the first save. */
export function encodePosition(
  position: Pick<SavedPosition, 'segmentId' | 'offset' | 'heartbeatNs'> & { readonly generation?: number },
  crc32: Crc32,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(POSITION_LENGTH)
  const generation = position.generation ?? 1
  bytes.set(encodePositionSlot({ ...position, generation }, crc32), (generation % POSITION_SLOT_COUNT) * POSITION_SLOT_LENGTH)
  return bytes
}
