import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { RECORD_FLAG_HEADER_CRC } from '../format/index.js'
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
      schemaVersion: 0,
      trace: undefined,
      source: undefined,
    }
    const peeked = observer.peek()?.copy()
    const message = observer.next()
    expect(message).toMatchObject({ ...fields, timestampHigh: 0x11223344 - 2 ** 31, timestampLow: 0x55667788 - 2 ** 31 })
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
})
