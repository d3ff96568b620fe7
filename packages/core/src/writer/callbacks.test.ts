import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { drainSequences, numberedPayload, range } from '../../test/support/messages.js'
import { newQueue } from '../../test/support/new-queue.js'
import { openObserver, openReader } from '../index.js'

/** Appended by callbacks. */
const ALERT = Buffer.alloc(1000, 9)

describe('callbacks of a writer', () => {
  it('may append at the high-water mark: no message is overwritten', () => {
    let told = 0
    const { directory, writer } = newQueue({
      maxSegments: 3,
      onHighWatermark: () => {
        told++
        for (const _ of range(0, 2)) writer.append(9, ALERT)
      },
    })
    using reader = openReader(directory, 'a')
    while (writer.tryAppend(1, ALERT).status === 'appended');
    expect(told).toBe(1)
    expect(drainSequences(reader)).toEqual(range(0, writer.nextSequence))
    writer.close()
  })

  it('may append when a reader is let go, in the middle of a roll of a bounded queue', () => {
    const released: string[] = []
    const { directory, writer } = newQueue({
      maxSegments: 3,
      retention: { consumed: true, maxReaderLagBytes: 11_500 },
      onReaderReleased: ({ reader }) => {
        released.push(reader.name)
        writer.append(9, ALERT)
      },
    })
    for (const name of ['a', 'b']) openReader(directory, name).close()
    for (const number of range(0, 300)) writer.append(1, numberedPayload(number))
    expect(released.sort()).toEqual(['a', 'b'])
    using observer = openObserver(directory)
    const sequences = drainSequences(observer)
    expect(sequences).toEqual(range(sequences[0] as number, 302))
    writer.close()
  })

  it('may close the writer: the append that rolled says so', () => {
    const { directory, writer } = newQueue({ maxSegments: 3, onHighWatermark: () => writer.close() })
    using reader = openReader(directory, 'a')
    expect(() => {
      for (;;) writer.append(1, ALERT)
    }).toThrowError(code('ERR_CLOSED'))
    expect(drainSequences(reader)).toEqual(range(0, writer.nextSequence))
  })

  it('that throw keep one append from being done, and not all that follow', () => {
    const { directory, writer } = newQueue({
      maxSegments: 3,
      onHighWatermark: () => {
        throw new Error('of the user')
      },
    })
    using reader = openReader(directory, 'a')
    expect(() => {
      for (;;) writer.append(1, ALERT)
    }).toThrowError('of the user')
    const { nextSequence } = writer
    expect(writer.append(1, ALERT)).toBe(nextSequence)
    expect(drainSequences(reader)).toEqual(range(0, nextSequence + 1))
    writer.close()
  })
})
