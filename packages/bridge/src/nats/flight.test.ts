import { describe, expect, it } from 'vitest'
import { Flight, type Sent } from './flight.js'

const SENT: Sent = { message: 1, companions: [], frames: [], first: 0, count: 1, length: 128, place: undefined }

describe('frames on their way', () => {
  it('are waited for in pieces, and each arrival is reported once', async () => {
    const flight = new Flight(new AbortController().signal)
    let arrive: (isAccepted: boolean) => void = () => undefined
    flight.add(SENT, [
      new Promise((resolve) => {
        arrive = resolve
      }),
    ])
    expect([await flight.first(1), await flight.first(1), flight.size]).toEqual(['pending', 'pending', 1])
    const second = { ...SENT, message: 2 }
    flight.add(second, [Promise.resolve(true)])
    expect([await flight.first(1), flight.size]).toEqual(['pending', 2])
    arrive(true)
    expect([await flight.first(), await flight.first(1), flight.size]).toEqual([SENT, second, 0])
  })

  it('that fail while nothing waits are reported to the next call', async () => {
    const flight = new Flight(new AbortController().signal)
    let fail: (error: Error) => void = () => undefined
    flight.add(SENT, [
      new Promise((_, reject) => {
        fail = reject
      }),
    ])
    expect(await flight.first(1)).toBe('pending')
    fail(new Error('the server is gone'))
    await new Promise((resolve) => setImmediate(resolve))
    await expect(flight.first()).rejects.toThrow('the server is gone')
  })

  it('are all refused after one that was', async () => {
    const flight = new Flight(new AbortController().signal)
    flight.add(SENT, [Promise.resolve(true), Promise.resolve(false)])
    flight.add(SENT, [Promise.resolve(true)])
    expect([await flight.first(), flight.size]).toEqual(['refused', 0])
  })

  it('are abandoned when the signal aborts', async () => {
    const abort = new AbortController()
    const flight = new Flight(abort.signal)
    flight.add(SENT, [new Promise(() => undefined)])
    const first = flight.first()
    abort.abort()
    expect(await first).toBe('abandoned')
  })
})
