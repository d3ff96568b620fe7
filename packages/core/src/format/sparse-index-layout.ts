import type { Crc32, Field } from './field.js'
import { getUint64, setUint64, viewOf } from './uint64.js'

/**
 * Layout of a segment's sparse index, `index/<segment id>.idx`: this header, then entries of 24 bytes in ascending order. A file that the base format
 * does not know: it is only a shortcut, and invalid ones are written again. Integers are little-endian.
 *
 * ```text
 *        0       1       2       3       4       5       6       7
 *      +-------------------------------+-------------------------------+
 *    0 |             magic             |            version            |
 *      +-------------------------------+-------------------------------+
 *    8 |           segmentId           |           entryCount          |
 *      +-------------------------------+-------------------------------+
 *   16 |              crc              |              zero             |
 *      +-------------------------------+-------------------------------+
 * ```
 *
 * `crc` is the CRC-32 of all entries.
 */
export const SPARSE_INDEX_HEADER_LENGTH = 24
export const SPARSE_INDEX_MAGIC = 0x58444943
export const SPARSE_INDEX_VERSION = 1
export const SPARSE_INDEX_MAGIC_OFFSET = 0
export const SPARSE_INDEX_VERSION_OFFSET = 4
export const SPARSE_INDEX_SEGMENT_ID_OFFSET = 8
export const SPARSE_INDEX_ENTRY_COUNT_OFFSET = 12
export const SPARSE_INDEX_CRC_OFFSET = 16
export const SPARSE_INDEX_ZERO_OFFSET = 20

export const SPARSE_INDEX_FIELDS: readonly Field[] = [
  { name: 'magic', offset: SPARSE_INDEX_MAGIC_OFFSET, length: 4 },
  { name: 'version', offset: SPARSE_INDEX_VERSION_OFFSET, length: 4 },
  { name: 'segmentId', offset: SPARSE_INDEX_SEGMENT_ID_OFFSET, length: 4 },
  { name: 'entryCount', offset: SPARSE_INDEX_ENTRY_COUNT_OFFSET, length: 4 },
  { name: 'crc', offset: SPARSE_INDEX_CRC_OFFSET, length: 4 },
  { name: 'zero', offset: SPARSE_INDEX_ZERO_OFFSET, length: 4 },
]

/** Bytes per entry: sequence, timestampNs, offset, each a u64. */
export const SPARSE_INDEX_ENTRY_LENGTH = 24

/** Bytes of segment between two entries, at least. */
export const SPARSE_INDEX_STRIDE = 64 * 1024

/** The record that stands at `offset`. */
export interface SparseIndexEntry {
  readonly sequence: number
  readonly timestampNs: bigint
  readonly offset: number
}

export function encodeSparseIndex(
  segmentId: number,
  entries: readonly SparseIndexEntry[],
  crc32: Crc32,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SPARSE_INDEX_HEADER_LENGTH + entries.length * SPARSE_INDEX_ENTRY_LENGTH)
  const view = viewOf(bytes)
  entries.forEach((entry, index) => {
    const at = SPARSE_INDEX_HEADER_LENGTH + index * SPARSE_INDEX_ENTRY_LENGTH
    setUint64(view, at, entry.sequence)
    view.setBigUint64(at + 8, entry.timestampNs, true)
    setUint64(view, at + 16, entry.offset)
  })
  view.setUint32(SPARSE_INDEX_MAGIC_OFFSET, SPARSE_INDEX_MAGIC, true)
  view.setUint32(SPARSE_INDEX_VERSION_OFFSET, SPARSE_INDEX_VERSION, true)
  view.setUint32(SPARSE_INDEX_SEGMENT_ID_OFFSET, segmentId, true)
  view.setUint32(SPARSE_INDEX_ENTRY_COUNT_OFFSET, entries.length, true)
  view.setUint32(SPARSE_INDEX_CRC_OFFSET, crc32(bytes.subarray(SPARSE_INDEX_HEADER_LENGTH)), true)
  return bytes
}

/** The entries of an index file, or `undefined` when it is not whole or of another segment. */
export function decodeSparseIndex(bytes: Uint8Array, segmentId: number, crc32: Crc32): SparseIndexEntry[] | undefined {
  if (bytes.length < SPARSE_INDEX_HEADER_LENGTH) return undefined
  const view = viewOf(bytes)
  const count = view.getUint32(SPARSE_INDEX_ENTRY_COUNT_OFFSET, true)
  const isOurs =
    view.getUint32(SPARSE_INDEX_MAGIC_OFFSET, true) === SPARSE_INDEX_MAGIC &&
    view.getUint32(SPARSE_INDEX_VERSION_OFFSET, true) === SPARSE_INDEX_VERSION &&
    view.getUint32(SPARSE_INDEX_SEGMENT_ID_OFFSET, true) === segmentId &&
    bytes.length === SPARSE_INDEX_HEADER_LENGTH + count * SPARSE_INDEX_ENTRY_LENGTH
  if (!isOurs || view.getUint32(SPARSE_INDEX_CRC_OFFSET, true) !== crc32(bytes.subarray(SPARSE_INDEX_HEADER_LENGTH)))
    return undefined
  return Array.from({ length: count }, (_, index) => {
    const at = SPARSE_INDEX_HEADER_LENGTH + index * SPARSE_INDEX_ENTRY_LENGTH
    return { sequence: getUint64(view, at), timestampNs: view.getBigUint64(at + 8, true), offset: getUint64(view, at + 16) }
  })
}
