import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import { describe, expect, it } from 'vitest'
import { overwrite, readBytes, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import {
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAG_TRACE_CONTEXT,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_CRC_COVERAGE,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_TRACE_ID_OFFSET,
} from '../format/index.js'
import { openObserver, openWriter } from '../index.js'

describe('a message', () => {
  it('is the same as a view, as a copy, and when peeked at', () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    const timestampNs = 0x1122334455667788n
    writer.append(7, Buffer.from('payload'), { timestampNs })
    using observer = openObserver(directory)
    const fields = {
      sequence: 0,
      timestampNs,
      typeId: 7,
      length: 7,
      segmentId: 0,
      offset: 64,
      flags: RECORD_FLAG_HEADER_CRC,
      payloadCrc: binding.crc32(Buffer.from('payload')),
      writerEpoch: 1,
      traceContext: undefined,
    }
    const peeked = observer.peek()?.copy()
    const message = observer.next()
    expect(message).toMatchObject({ ...fields, timestampHigh: 0x11223344, timestampLow: 0x55667788 })
    expect(message?.view.getUint8(message.payloadOffset)).toBe('p'.charCodeAt(0))
    const copy = message?.copy()
    expect(copy).toEqual({ ...fields, payload: Buffer.from('payload') })
    expect(peeked).toEqual(copy)
    observer.close()
    expect(copy?.payload.toString()).toBe('payload')
  })

  it('of a writer of the base format has no epoch', () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096, extensions: false })
    writer.append(7, Buffer.from('x'))
    using observer = openObserver(directory)
    expect(observer.next()).toMatchObject({ writerEpoch: 0, flags: 0 })
  })

  it('shows the trace context that its appender gave', () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    writer.append(7, Buffer.from('x'))
    const path = segmentFile(directory, 0)
    const ids = Buffer.from(Array.from({ length: 24 }, (_, index) => index + 1))
    overwrite(path, 64 + RECORD_TRACE_ID_OFFSET, ids)
    overwrite(path, 64 + RECORD_FLAGS_OFFSET, Buffer.from([RECORD_FLAG_HEADER_CRC | RECORD_FLAG_TRACE_CONTEXT]))
    overwrite(path, 64 + RECORD_HEADER_CRC_OFFSET, u32(binding.crc32(readBytes(path, 64, RECORD_HEADER_CRC_COVERAGE))))
    using observer = openObserver(directory)
    const trace = observer.next()?.copy().traceContext
    expect(Buffer.from(trace?.traceId ?? [])).toEqual(ids.subarray(0, 16))
    expect(Buffer.from(trace?.spanId ?? [])).toEqual(ids.subarray(16))
  })
})
