import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { drainSequences, range } from '../../test/support/messages.js'
import { locationOf } from '../../test/support/new-queue.js'
import { overwrite, segmentFile, u64 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { encodeRecord, RECORD_PAYLOAD_OFFSET, RECORD_SEQUENCE_OFFSET } from '../format/index.js'
import { openObserver, openWriter } from '../index.js'

/** The payload of a queue that carries another queue's segments: the bytes of a record. */
function imageOf(sequence: number): Buffer {
  const image = Buffer.alloc(128)
  encodeRecord(image, 0, { sequence, timestampNs: 5n, typeId: 9, payload: Buffer.from('image'), writerEpoch: 1 }, crc32)
  return image
}

/** A closed queue of so many messages, one of which holds an image. */
function queueWith(count: number, image: { readonly in: number; readonly sequence: number }): string {
  const directory = join(temporaryDirectory(), 'queue')
  using writer = openWriter(directory, { segmentSize: 8192 })
  for (const number of range(0, count)) writer.append(1, number === image.in ? imageOf(image.sequence) : Buffer.from('message'))
  return directory
}

describe('the image of a record in a damaged payload', () => {
  it('does not move the sequence of a queue whose control block is lost', () => {
    const directory = queueWith(20, { in: 10, sequence: 1_000_000 })
    const { segmentId, offset } = locationOf(directory, 10)
    overwrite(segmentFile(directory, segmentId), offset + RECORD_SEQUENCE_OFFSET, u64(77))
    rmSync(join(directory, 'control.meta'))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBe(20)
  })

  it.each([
    ['header', RECORD_SEQUENCE_OFFSET],
    ['payload', RECORD_PAYLOAD_OFFSET + 127],
  ])('is not where the records of a head end whose last record is damaged: its %s', (_, at) => {
    const directory = queueWith(20, { in: 19, sequence: 3 })
    const { segmentId, offset } = locationOf(directory, 19)
    overwrite(segmentFile(directory, segmentId), offset + at, Buffer.from([0xff]))
    rmSync(join(directory, 'control.meta'))
    using writer = openWriter(directory)
    const { recovery } = writer
    expect(recovery).toContainEqual(expect.objectContaining({ case: 'corrupt-tail', segmentId, offset }))
    writer.append(1, Buffer.from('next'))
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual([...range(0, 19), writer.nextSequence - 1])
  })
})
