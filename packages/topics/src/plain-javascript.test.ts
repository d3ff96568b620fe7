import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Quote, topics } from '../test/support/messages.js'
import * as exported from './index.js'

/** What a program without types can call. */
// biome-ignore lint/suspicious/noExplicitAny: anything is given to anything
const api = exported as any

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'topics-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const refused = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' })

describe('a definition of topics', () => {
  it.each([undefined, null, 5, [{}], { a: null }, { a: {} }, { a: { kind: 'other', place: 'x', types: [Quote] } }])(
    'is not %o',
    (given) => {
      expect(() => api.defineTopics(given)).toThrow(refused)
    },
  )

  it.each([undefined, null, 5, [], [null], [5], [Quote, Quote]])('has no topic with the types %o', (types) => {
    const calls = [api.feed, api.ordersIn, api.ordersOut, api.queue]
    for (const call of calls) expect(() => call('name', types)).toThrow(refused)
    expect(() => api.defineTopics({ a: { kind: 'feed', place: 'x', types } })).toThrow(refused)
  })

  it.each([undefined, null, 5])('is not opened as %o', (given) => {
    expect(() => api.openBus(root, given)).toThrow(refused)
  })
})

describe('an open topic', () => {
  it.each([
    {},
    { name: '../outside' },
    { name: '' },
    { name: 5 },
    { name: 'r', types: [] },
    { name: 'r', types: 5 },
    { name: 'r', types: null },
    { name: 'r', where: 5 },
    { name: 'r', key: [5] },
    { name: 'r', mode: 'other' },
    { name: 'r', onProblem: 5 },
    { name: 'r', onDetached: {} },
    { name: 'r', reader: null },
    { name: 'r', reader: 5 },
  ])('is not subscribed to with %o', (options) => {
    using bus = exported.openBus(root, topics)
    expect(() => bus.subscribe('quotes', options as never)).toThrow(refused)
  })

  it.each([{ announce: 'yes' }, { writer: null }, { writer: 5 }, { key: 'other' }])(
    'is not published with %o, and makes no queue',
    (options) => {
      using bus = exported.openBus(root, topics)
      expect(() => bus.publisher('quotes', options as never)).toThrow(refused)
      expect(existsSync(join(bus.layout.feed('binance').directory, 'control.meta'))).toBe(false)
    },
  )
})
