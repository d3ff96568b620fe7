import { crc32 } from 'node:zlib'
import {
  decodeRecordHeader,
  isRecordOffset,
  RECORD_FIELDS,
  RECORD_HEADER_CRC_COVERAGE,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  recordLength,
} from '@chronicle-ts/core/internal'
import { loadValue, type MutableQueue, oneOf, storeValue, strangeValue } from './mutable-queue.js'

interface Place {
  readonly offset: number
  readonly length: number
}

/** Where records stand, by their lengths alone, from the beginning of a segment on. */
function placesIn(segment: Buffer): Place[] {
  const places: Place[] = []
  const view = new DataView(segment.buffer, segment.byteOffset, segment.length)
  for (let offset = 64; offset + RECORD_HEADER_LENGTH <= segment.length && isRecordOffset(offset); ) {
    const { commitLength } = decodeRecordHeader(view, offset)
    const length = recordLength(commitLength - 1)
    if (commitLength === 0 || offset + length > segment.length) break
    places.push({ offset, length })
    offset += length
  }
  return places
}

/** Makes the checksums of a record right, for any content. */
function sign(segment: Buffer, offset: number): void {
  const payloadLength = Math.max(0, Math.min(segment.readUInt32LE(offset) - 1, segment.length - offset - RECORD_HEADER_LENGTH))
  const payload = segment.subarray(offset + RECORD_HEADER_LENGTH, offset + RECORD_HEADER_LENGTH + payloadLength)
  segment.writeUInt32LE(payloadLength === 0 ? 0 : crc32(payload), offset + RECORD_PAYLOAD_CRC_OFFSET)
  segment.writeUInt32LE(crc32(segment.subarray(offset, offset + RECORD_HEADER_CRC_COVERAGE)), offset + RECORD_HEADER_CRC_OFFSET)
}

function changeField(queue: MutableQueue, segment: Buffer, { offset }: Place): string {
  const field = oneOf(
    queue.random,
    RECORD_FIELDS.filter(({ length }) => length <= 8),
  )
  const value = strangeValue(queue.random, loadValue(segment, field, offset), field.length)
  storeValue(segment, field, offset, value)
  const signs = queue.random(3) > 0
  if (signs) sign(segment, offset)
  return `${field.name} at ${offset} = ${value}${signs ? ', signed' : ''}`
}

function exchange(segment: Buffer, one: Place, other: Place): string {
  const length = Math.min(one.length, other.length)
  const kept = Buffer.from(segment.subarray(one.offset, one.offset + length))
  segment.copy(segment, one.offset, other.offset, other.offset + length)
  kept.copy(segment, other.offset)
  return `${length} bytes at ${one.offset} and ${other.offset} exchanged`
}

/** Over another record, or after the last one, where the next would stand. */
function copyTo(segment: Buffer, from: Place, to: number): string {
  const length = Math.min(from.length, segment.length - to)
  segment.copy(segment, to, from.offset, from.offset + length)
  return `${from.length} bytes at ${from.offset} copied to ${to}`
}

/** Changes what one segment says of one record, or where it stands. */
export function mutateRecord(queue: MutableQueue, name: string): string {
  const { files, random } = queue
  const segment = files.get(name) ?? Buffer.alloc(0)
  const places = placesIn(segment)
  const last = places.at(-1)
  if (last === undefined) return `${name} has no records`
  const place = oneOf(random, places)
  queue.misleads = true
  switch (random(7)) {
    case 0:
      return `${name}: ${exchange(segment, place, oneOf(random, places))}`
    case 1:
      return `${name}: ${copyTo(segment, place, random(2) === 0 ? oneOf(random, places).offset : last.offset + last.length)}`
    case 2:
      segment.fill(0, place.offset, place.offset + place.length)
      return `${name}: ${place.length} zeros at ${place.offset}`
    case 3:
      segment.copyWithin(place.offset, place.offset + place.length)
      return `${name}: cut out ${place.length} bytes at ${place.offset}`
    default:
      return `${name}: ${changeField(queue, segment, place)}`
  }
}
