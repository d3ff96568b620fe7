import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBus } from '@chronicle-ts/topics'
import { expect, it } from 'vitest'
import { publishQuotes, route, topics, trade } from './topics.js'

it('gives each strategy the quotes that it trades, and the router the orders of all', async () => {
  const root = mkdtempSync(join(tmpdir(), 'topics-'))
  try {
    using bus = openBus(root, topics)
    publishQuotes(bus, 700)
    const cheap = (instruments: number[]) =>
      Array.from({ length: 700 }, (_, index) => index).filter((index) => instruments.includes(index % 10) && index % 7 < 2).length
    const one = trade(bus, 'one', new Set([1, 2, 3]))
    expect(one).toEqual({ orders: cheap([1, 2, 3]), skipped: 700 - cheap([1, 2, 3]) })
    const other = trade(bus, 'other', new Set([5]))
    expect(await route(bus, one.orders + other.orders)).toEqual(
      new Map([
        ['one', one.orders],
        ['other', other.orders],
      ]),
    )
    expect(trade(bus, 'one', new Set([1, 2, 3]))).toEqual({ orders: 0, skipped: 0 })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
