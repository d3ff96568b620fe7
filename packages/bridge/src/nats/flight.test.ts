import { describe, expect, it } from 'vitest'
import type { Frame } from '../frames/frame.js'
import { Flight, type Sent } from './flight.js'

const MIB = 1024 * 1024

/** Records in this many frames, of this many bytes each. */
function sentOf(frames: number, bytes = 128): Sent {
  const frame: Frame = { queueId: '', term: 0, first: 0, count: 1, crc: 0, part: 1, parts: frames, body: new Uint8Array(bytes) }
  const length = bytes * frames
  return { message: 1, companions: [], frames: Array(frames).fill(frame), first: 0, count: 1, length, place: undefined }
}

/** Answers of a server to the frames that were sent, in order. */
class Answers {
  readonly given: ((isAccepted: boolean | Error) => void)[] = []

  readonly publish = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      this.given.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))
    })

  flight(signal = new AbortController().signal): Flight {
    return new Flight(this.publish, signal)
  }
}

describe('frames on their way', () => {
  it('are waited for in pieces, and each arrival is reported once', async () => {
    const answers = new Answers()
    const flight = answers.flight()
    const [first, second] = [sentOf(1), sentOf(1)]
    flight.add(first)
    expect([await flight.first(1), await flight.first(1), flight.isEmpty]).toEqual(['pending', 'pending', false])
    flight.add(second)
    answers.given[1]?.(true)
    expect(await flight.first(1)).toBe('pending')
    answers.given[0]?.(true)
    expect([await flight.first(), await flight.first(), flight.isEmpty]).toEqual([first, second, true])
  })

  it.each([
    ['short', 100, 128, 8],
    ['large', 9, MIB, 2],
  ])('are no more than fit at once, also of %s parts of one record', async (_, parts, bytes, most) => {
    const answers = new Answers()
    const flight = answers.flight()
    const sent = sentOf(parts, bytes)
    flight.add(sent)
    for (let arrived = 0; arrived < parts; arrived++) {
      expect(answers.given).toHaveLength(Math.min(arrived + most, parts))
      expect([flight.isFull, flight.isEmpty]).toEqual([arrived <= parts - most, false])
      answers.given[arrived]?.(true)
      expect(await flight.first(1)).toBe(arrived === parts - 1 ? sent : 'pending')
    }
    expect([flight.isFull, flight.isEmpty]).toEqual([false, true])
  })

  it('that fail while nothing waits are reported to the next call', async () => {
    const answers = new Answers()
    const flight = answers.flight()
    flight.add(sentOf(1))
    expect(await flight.first(1)).toBe('pending')
    answers.given[0]?.(new Error('the server is gone'))
    await new Promise((resolve) => setImmediate(resolve))
    await expect(flight.first()).rejects.toThrow('the server is gone')
  })

  it('are all refused after one that was, and no part follows', async () => {
    let published = 0
    const flight = new Flight(() => Promise.resolve(published++ === 0), new AbortController().signal)
    flight.add(sentOf(20))
    expect([await flight.first(), flight.isEmpty]).toEqual(['refused', true])
    // The first one was accepted, and made room for one more.
    expect(published).toBe(9)
  })

  it('are abandoned when the signal aborts', async () => {
    const abort = new AbortController()
    const answers = new Answers()
    const flight = answers.flight(abort.signal)
    flight.add(sentOf(20))
    const first = flight.first()
    abort.abort()
    expect(await first).toBe('abandoned')
    const departed = answers.given.length
    answers.given[0]?.(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(answers.given).toHaveLength(departed)
  })
})
