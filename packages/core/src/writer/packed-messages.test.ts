import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { newQueue } from '../../test/support/new-queue.js'
import { openObserver, type QueueWriter } from '../index.js'

interface Sent {
  readonly typeId: number
  readonly payload: Uint8Array
}

/** One buffer with a few bytes before and after the messages, and the offsets in it. */
function pack(messages: readonly Sent[], margin = 0): { bytes: Uint8Array; offsets: Uint32Array; typeIds: Uint16Array } {
  const around = Buffer.alloc(margin, 0xee)
  const offsets = Uint32Array.of(margin, ...messages.map(() => 0))
  for (const [index, { payload }] of messages.entries()) offsets[index + 1] = (offsets[index] as number) + payload.length
  const bytes = Buffer.concat([around, ...messages.map(({ payload }) => payload), around])
  return { bytes, offsets, typeIds: Uint16Array.from(messages, ({ typeId }) => typeId) }
}

function appendPacked(writer: QueueWriter, messages: readonly Sent[], margin = 0): number {
  const { bytes, offsets, typeIds } = pack(messages, margin)
  return writer.appendPacked(typeIds, bytes, offsets)
}

function contents(directory: string): Sent[] {
  using observer = openObserver(directory)
  const found: Sent[] = []
  observer.poll(Number.MAX_SAFE_INTEGER, ({ typeId, payload }) => void found.push({ typeId, payload }))
  return found
}

describe('appendPacked', () => {
  it('appends what appendBatch would, for all lengths and types, across rolls', () => {
    const message = fc.record({ typeId: fc.integer({ min: 0, max: 65534 }), payload: fc.uint8Array({ maxLength: 900 }) })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), fc.integer({ min: 0, max: 9 }), (messages, margin) => {
        const { directory, writer } = newQueue()
        expect(appendPacked(writer, messages, margin)).toBe(0)
        expect(writer.nextSequence).toBe(messages.length)
        const sent = messages.map(({ typeId, payload }) => ({ typeId, payload: Buffer.from(payload) }))
        expect(contents(directory)).toEqual(sent)
        writer.close()
      }),
      { numRuns: 30 },
    )
  })

  it('takes one type for all, more messages than share a reading of the clock, and none', () => {
    const { directory, writer } = newQueue()
    const payload = Buffer.from('12345678')
    const { bytes, offsets } = pack(Array.from({ length: 2000 }, () => ({ typeId: 0, payload })))
    expect(writer.appendPacked(7, bytes, offsets)).toBe(0)
    expect(writer.appendPacked(7, bytes, Uint32Array.of(8))).toBe(2000)
    expect(writer.appendPacked(7, bytes, new Uint32Array())).toBe(2000)
    expect(contents(directory)).toEqual(Array.from({ length: 2000 }, () => ({ typeId: 7, payload })))
    writer.close()
  })

  it('says which messages are in the queue when one of them is refused', () => {
    const { directory, writer } = newQueue()
    const small = { typeId: 1, payload: Buffer.from('small') }
    const large = { typeId: 1, payload: Buffer.alloc(4096) }
    expect(() => appendPacked(writer, [small, small, large, small])).toThrowError(
      code('ERR_TOO_LARGE', { length: 4096, batch: { first: 0, count: 2 } }),
    )
    expect(() => appendPacked(writer, [small, { ...small, typeId: 65535 }])).toThrowError(
      code('ERR_INVALID_ARGUMENT', { argument: 'typeId', value: '65535', batch: { first: 2, count: 1 } }),
    )
    expect(contents(directory)).toEqual([small, small, small])
    writer.close()
  })

  const bytes = Buffer.alloc(10)
  const offsets = Uint32Array.of(0, 4, 10)
  it.each([
    ['offsets that descend', { argument: 'offsets[2]' }, [1, bytes, Uint32Array.of(0, 4, 3)]],
    ['offsets beyond the buffer', { argument: 'offsets[2]' }, [1, bytes, Uint32Array.of(0, 4, 11)]],
    ['offsets of another kind', { argument: 'offsets' }, [1, bytes, [0, 4, 10]]],
    ['too few types', { argument: 'typeIds' }, [Uint16Array.of(1), bytes, offsets]],
    ['types of another kind', { argument: 'typeIds' }, [[1, 2], bytes, offsets]],
    ['a type that no message has', { argument: 'typeId' }, [65535, bytes, offsets]],
    ['a type that is not an integer', { argument: 'typeId' }, [1.5, bytes, offsets]],
    ['bytes of another kind', { argument: 'bytes' }, [1, 'text', offsets]],
    ['a view that says that it is another', { argument: 'bytes' }, [1, pretended('Uint8Array'), Uint32Array.of(0, 0)]],
  ])('refuses %s, and appends nothing', (_, facts, given) => {
    const { writer } = newQueue()
    const append = writer.appendPacked.bind(writer) as (...given: unknown[]) => number
    expect(() => append(...given)).toThrowError(code('ERR_INVALID_ARGUMENT', facts))
    expect(writer.nextSequence).toBe(0)
    writer.close()
  })

  it('is refused while a claim is open, and when the writer is closed', () => {
    const { writer } = newQueue()
    const claim = writer.claim(1, 8)
    expect(() => writer.appendPacked(1, bytes, offsets)).toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'claim' }))
    claim.abort()
    writer.close()
    expect(() => writer.appendPacked(1, bytes, offsets)).toThrowError(code('ERR_CLOSED'))
  })
})

function pretended(name: string): DataView {
  return Object.defineProperty(new DataView(new ArrayBuffer(8)), Symbol.toStringTag, { value: name })
}
