import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { Arrival, eventsOf } from './arrival.js'

/** Events that a test adds by hand. */
class Source {
  readonly events: string[] = []
  waiting = false
  readonly arrival = new Arrival((waiting) => {
    this.waiting = waiting
  })
  readonly isClosed = (): boolean => false
  readonly take = (): string | undefined => this.events.shift()
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('L61: an iterator ends at return() while it waits, and takes no event with it', async () => {
  const source = new Source()
  const events = eventsOf(source, undefined)
  const pending = events.next()
  await turn()
  expect(source.waiting).toBe(true)
  expect(await events.return()).toEqual({ done: true, value: undefined })
  expect([await pending, source.waiting]).toEqual([{ done: true, value: undefined }, false])
  source.events.push('later')
  source.arrival.announce()
  expect(source.events).toEqual(['later'])
})

it('L61: one signal ends hundreds of iterators with one listener', async () => {
  const source = new Source()
  const stop = new AbortController()
  const waits = Array.from({ length: 300 }, () => eventsOf(source, stop.signal).next())
  await turn()
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1)
  stop.abort()
  expect(new Set((await Promise.all(waits)).map(({ done }) => done))).toEqual(new Set([true]))
  expect([getEventListeners(stop.signal, 'abort').length, source.waiting]).toEqual([0, false])
  expect(await eventsOf(source, stop.signal).next()).toEqual({ done: true, value: undefined })
})

it('ends every iterator whose signal aborts, and none of the others', async () => {
  const source = new Source()
  const [one, other] = [new AbortController(), new AbortController()]
  const [first, second] = [eventsOf(source, one.signal).next(), eventsOf(source, other.signal).next()]
  await turn()
  one.abort()
  expect((await first).done).toBe(true)
  source.events.push('event')
  source.arrival.announce()
  expect(await second).toEqual({ done: false, value: 'event' })
})
