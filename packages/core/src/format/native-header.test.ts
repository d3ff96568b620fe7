import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as format from './index.js'

const header = readFileSync(new URL('../../../native/cpp/format.h', import.meta.url), 'utf8')

const sizes: Readonly<Record<string, number>> = {
  uint8_t: 1,
  uint16_t: 2,
  uint32_t: 4,
  uint64_t: 8,
  DurableSlot: format.DURABLE_SLOT_LENGTH,
}

/** Members of a struct with their offsets: naturally aligned, as the asserted sizes prove. */
function membersOf(struct: string): format.Field[] {
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\};`).exec(header)?.[1] ?? ''
  const members: format.Field[] = []
  let end = 0
  for (const match of body.matchAll(/^\s*(?:std::atomic<(\w+)>|(\w+)) (\w+)(?:\[(\d+)\])?;/gm)) {
    const size = sizes[String(match[1] ?? match[2])] ?? Number.NaN
    const length = size * Number(match[4] ?? 1)
    const offset = Math.ceil(end / Math.min(size, 8)) * Math.min(size, 8)
    members.push({ name: String(match[3]), offset, length })
    end = offset + length
  }
  return members
}

/** What the overlay calls otherwise, or takes together, than the descriptor does. */
const structures = [
  { struct: 'ControlBlock', fields: format.CONTROL_FIELDS, others: { identity: [0, 64], durable: [64, 64] } },
  { struct: 'SegmentHeader', fields: format.SEGMENT_FIELDS, others: {} },
  { struct: 'RecordHeader', fields: format.RECORD_FIELDS, others: { trace: [format.RECORD_TRACE_ID_OFFSET, 24] } },
  { struct: 'SourcePosition', fields: format.SOURCE_POSITION_FIELDS, others: {} },
  { struct: 'DurableSlot', fields: format.DURABLE_FIELDS, others: { segment: [format.DURABLE_SEGMENT_ID_OFFSET, 4] } },
  { struct: 'PositionSlot', fields: format.POSITION_FIELDS, others: {} },
] as const

describe('the native header', () => {
  it.each(structures)('lays $struct over the same bytes as the descriptor', ({ struct, fields, others }) => {
    const members = membersOf(struct).filter((member) => !/^free\d+$/.test(member.name))
    expect(members.length).toBeGreaterThan(4)
    const described = new Map(fields.map((field) => [field.name, [field.offset, field.length]]))
    for (const [name, place] of Object.entries(others)) described.set(name, place as unknown as number[])
    expect(members.map(({ name, offset, length }) => [name, [offset, length]])).toEqual(
      members.map(({ name }) => [name, described.get(name)]),
    )
  })

  it('has the same constants', () => {
    const native: Record<string, number> = {}
    for (const match of header.matchAll(/^constexpr \w+ (k\w+) = (0x[0-9A-F']+|[\d']+);/gm)) {
      native[String(match[1])] = Number(String(match[2]).replaceAll("'", ''))
    }
    expect(native).toEqual({
      kAlignment: format.RECORD_ALIGNMENT,
      kRecordHeaderLength: format.RECORD_HEADER_LENGTH,
      kFirstRecordOffset: format.SEGMENT_FIRST_RECORD_OFFSET,
      kPayloadLengthMax: format.RECORD_PAYLOAD_LENGTH_MAX,
      kPaddingType: format.PADDING_TYPE_ID,
      kFlagHeaderCrc: format.RECORD_FLAG_HEADER_CRC,
      kSegmentMagic: format.SEGMENT_MAGIC,
      kFlagTraceContext: format.RECORD_FLAG_TRACE_CONTEXT,
      kFlagSourcePosition: format.RECORD_FLAG_SOURCE_POSITION,
      kFlagTraceSampled: format.RECORD_FLAG_TRACE_SAMPLED,
      kFlagTraceRandom: format.RECORD_FLAG_TRACE_RANDOM,
      kSchemaVersionShift: format.RECORD_SCHEMA_VERSION_SHIFT,
      kSchemaVersionMax: format.RECORD_SCHEMA_VERSION_MAX,
      kSourcePositionCrcCoverage: format.SOURCE_POSITION_CRC_COVERAGE,
      kSegmentSealed: format.SEGMENT_FLAG_SEALED,
      kWriteBackGood: format.WRITE_BACK_GOOD,
      kWriteBackUnderWay: format.WRITE_BACK_UNDER_WAY,
      kWriteBackFailed: format.WRITE_BACK_FAILED,
      kControlLength: format.CONTROL_LENGTH,
      kReaderMetaLength: format.POSITION_LENGTH,
      kHeaderCrcCoverage: format.RECORD_HEADER_CRC_COVERAGE,
    })
  })
})
