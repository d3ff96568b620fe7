import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DiscoveryEvent } from './discovery-event.js'
import { PendingEvents } from './pending-events.js'

const incarnation = (epoch: number) => ({ epoch, lease: undefined })
const added = (strategy: string, epoch = 1): DiscoveryEvent => ({ kind: 'added', strategy, incarnation: incarnation(epoch) })
const restarted = (strategy: string, epoch = 2, changed: ('ready' | 'epoch' | 'lease')[] = ['epoch']): DiscoveryEvent => {
  return { kind: 'restarted', strategy, incarnation: incarnation(epoch), changed }
}
const removed = (strategy: string): DiscoveryEvent => ({ kind: 'removed', strategy, reason: 'ready-gone' })
const vanished = (strategy: string): DiscoveryEvent => ({ kind: 'removed', strategy, reason: 'directory-gone' })

function folded(...events: DiscoveryEvent[]): DiscoveryEvent[] {
  const pending = new PendingEvents()
  for (const event of events) pending.add(event)
  expect(pending.count).toBeLessThanOrEqual(2)
  return pending.takeAll()
}

describe('PendingEvents', () => {
  it('hands events out sorted by strategy, each strategy in order', () => {
    expect(folded(added('b'))).toEqual([added('b')])
    const pending = new PendingEvents()
    for (const event of [added('c'), added('b'), removed('b'), added('a')]) pending.add(event)
    expect(pending.takeAll()).toEqual([added('a'), added('b'), removed('b'), added('c')])
    expect(pending.takeAll()).toEqual([])
  })

  it('hands out one at a time in the same order', () => {
    const pending = new PendingEvents()
    for (const event of [added('b'), added('a'), removed('a')]) pending.add(event)
    expect([pending.takeOne(), pending.takeOne()]).toEqual([added('a'), removed('a')])
    pending.add(removed('b'))
    expect(pending.count).toBe(2)
    expect(pending.takeAll()).toEqual([added('b'), removed('b')])
    expect(pending.takeOne()).toBeUndefined()
  })

  it('folds what is left when some events were taken one at a time', () => {
    const pending = new PendingEvents()
    for (const event of [added('a'), added('b'), removed('b')]) pending.add(event)
    expect(pending.takeOne()).toEqual(added('a'))
    for (const event of [added('b', 2), removed('b'), added('b', 3)]) pending.add(event)
    expect(pending.count).toBe(1)
    expect(pending.takeOne()).toEqual(added('b', 3))
  })

  it('reports every strategy, although one comes and goes all the time', () => {
    const pending = new PendingEvents()
    for (const event of [added('a'), added('b')]) pending.add(event)
    const taken = [1, 2, 3].map(() => {
      pending.add(removed('a'))
      pending.add(added('a'))
      return pending.takeOne()?.strategy
    })
    expect(taken).toContain('b')
  })

  it('L29: tells of a removal that is undone: READY may go before its directory is replaced', () => {
    expect(folded(removed('a'), added('a', 2))).toEqual([removed('a'), added('a', 2)])
    expect(folded(removed('a'), added('a', 2), restarted('a', 3))).toEqual([removed('a'), added('a', 3)])
  })

  it('makes no restart of another directory in the place of one that vanished', () => {
    expect(folded(vanished('a'), added('a', 1))).toEqual([vanished('a'), added('a', 1)])
    expect(folded(vanished('a'), added('a', 1), restarted('a', 2))).toEqual([vanished('a'), added('a', 2)])
    expect(folded(vanished('a'), added('a', 1), removed('a'))).toEqual([vanished('a')])
    expect(folded(vanished('a'), added('a', 1), removed('a'), added('a', 2))).toEqual([vanished('a'), added('a', 2)])
    expect(folded(restarted('a'), vanished('a'), added('a', 1))).toEqual([vanished('a'), added('a', 1)])
    expect(folded(added('a'), vanished('a'), added('a', 2))).toEqual([added('a', 2)])
  })

  it('keeps a visit that is over', () => {
    expect(folded(added('a'), removed('a'))).toEqual([added('a'), removed('a')])
    expect(folded(added('a'), removed('a'), added('a', 2), removed('a'))).toEqual([added('a', 2), removed('a')])
  })

  it('folds what no taker needs to know', () => {
    expect(folded(added('a'), removed('a'), added('a', 2))).toEqual([added('a', 2)])
    expect(folded(added('a'), restarted('a', 2))).toEqual([added('a', 2)])
    expect(folded(restarted('a', 2), removed('a'))).toEqual([removed('a')])
    expect(folded(restarted('a', 2), restarted('a', 3, ['ready']))).toEqual([restarted('a', 3, ['epoch', 'ready'])])
  })

  it('leads every taker from what it knew to what is, whenever it takes', () => {
    const steps = fc.array(
      fc.record({
        strategy: fc.constantFrom('a', 'b'),
        restart: fc.boolean(),
        vanish: fc.boolean(),
        take: fc.constantFrom('none', 'one', 'all'),
      }),
    )
    fc.assert(
      fc.property(steps, (moves) => {
        const pending = new PendingEvents()
        const truth = new Set<string>()
        const told = new Set<string>()
        const tell = (event: DiscoveryEvent | undefined) => {
          if (event === undefined) return
          expect(told.has(event.strategy)).toBe(event.kind !== 'added')
          if (event.kind === 'removed') told.delete(event.strategy)
          else told.add(event.strategy)
        }
        for (const { strategy, restart, vanish, take } of moves) {
          if (!truth.has(strategy)) pending.add(added(strategy))
          else pending.add(restart ? restarted(strategy) : vanish ? vanished(strategy) : removed(strategy))
          if (!truth.has(strategy)) truth.add(strategy)
          else if (!restart) truth.delete(strategy)
          expect(pending.count).toBeLessThanOrEqual(4)
          if (take === 'one') tell(pending.takeOne())
          if (take === 'all') pending.takeAll().forEach(tell)
        }
        pending.takeAll().forEach(tell)
        expect(told).toEqual(truth)
      }),
    )
  })
})

describe('PendingEvents of strategies that left messages', () => {
  const left = (messages: number): DiscoveryEvent => ({ kind: 'left', strategy: 'a', unread: { messages } })

  it.each([
    ['the newest count', [left(1), left(2)], [left(2)]],
    ['the announcement, which is served anyway', [left(1), added('a')], [added('a')]],
    ['both steps of a removal', [removed('a'), left(1)], [removed('a'), left(1)]],
    ['a removal that is undone', [removed('a'), left(1), added('a')], [removed('a'), added('a')]],
    ['a visit, which is read to the end', [added('a'), removed('a'), left(1)], [added('a'), removed('a')]],
    ['a visit after it', [left(1), added('a'), removed('a')], [added('a'), removed('a')]],
  ])('L65: keep %s', (_, events, expected) => {
    expect(folded(...events)).toEqual(expected)
  })
})
