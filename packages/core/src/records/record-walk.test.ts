import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { binding } from '@chronicle-ts/native'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { encodeRecord, RECORD_ALIGNMENT, RECORD_SEQUENCE_OFFSET, RECORD_TYPE_ID_OFFSET, recordLength } from '../format/index.js'
import { MappedSegment } from '../segment/mapped-segment.js'
import { BYTES_ALONE } from './leaving.js'
import { isGoodStep, RecordWalk, type WalkStep } from './record-walk.js'

const SEGMENT_SIZE = 4096
const PAYLOAD = Buffer.from('payload')
const SECOND = RECORD_ALIGNMENT + recordLength(PAYLOAD.length)

/** Records 5, 6, 7. */
function makeSegment(): MappedSegment {
  const fd = openSync(join(temporaryDirectory(), 'segment'), 'wx+')
  writeSync(fd, Buffer.alloc(SEGMENT_SIZE))
  const segment = new MappedSegment(0, binding.mapFile(fd, SEGMENT_SIZE, true))
  let offset = RECORD_ALIGNMENT
  for (const sequence of [5, 6, 7]) {
    encodeRecord(segment.bytes, offset, { sequence, timestampNs: 1n, typeId: 1, payload: PAYLOAD, writerEpoch: 3 }, crc32)
    offset += recordLength(PAYLOAD.length)
  }
  return segment
}

function stepsOf(segment: MappedSegment, leniency: 'strict' | 'by sequence'): WalkStep[] {
  const walk = new RecordWalk(BYTES_ALONE)
  const steps: WalkStep[] = []
  for (let offset = RECORD_ALIGNMENT; ; offset = walk.pass(segment)) {
    const step = walk.look(segment, offset)
    steps.push(step)
    if (leniency === 'strict' ? !isGoodStep(step) : !walk.isGoodBySequence(segment, step)) return steps
  }
}

it('passes a damaged header with the expected sequence only by leniency', () => {
  const segment = makeSegment()
  segment.bytes.writeUInt16LE(9, SECOND + RECORD_TYPE_ID_OFFSET)
  expect(stepsOf(segment, 'strict')).toEqual(['next', 'bad-header'])
  expect(stepsOf(segment, 'by sequence')).toEqual(['next', 'bad-header', 'next', 'wait'])
  segment.close()
})

it('passes no damaged header with another sequence', () => {
  const segment = makeSegment()
  segment.bytes.writeBigUInt64LE(8n, SECOND + RECORD_SEQUENCE_OFFSET)
  expect(stepsOf(segment, 'by sequence')).toEqual(['next', 'bad-header'])
  segment.close()
})
