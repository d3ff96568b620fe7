import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { openStrategyEndpoints, RouterDiscovery } from '@chronicle-ts/bus'
import { openReader, openWriter } from '@chronicle-ts/core'
import { inspectQueue, type QueueInspection, stateOfQueue } from '@chronicle-ts/inspect'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { exitOf, readUntil, runCli, startCli } from '../../../test/support/run-cli.js'
import { createPalette } from '../../output/palette.js'
import { FIRST_STATE, type MonitorState, pressKey, visibleRows } from './monitor-state.js'
import { type MonitorPicture, renderMonitor, sparkline, trendLine } from './monitor-view.js'
import { QueueBoard, type QueueRow, queuesBelow, rateOf } from './queue-board.js'
import { splitKeys } from './screen.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

/** A screen of these rows. */
function screenOf(rows: readonly QueueRow[]): MonitorPicture {
  return { root: folder.path, nowMs: 0, rows, events: [], state: FIRST_STATE, width: 120, height: 20 }
}

describe('the board behind chron-cli monitor', () => {
  it('reports rates between two looks, and what came, went, stopped and started again', () => {
    const queue = folder.join('queue')
    let writer = openWriter(queue, { segmentSize: 4096 })
    const board = new QueueBoard(queuesBelow(folder.path))
    board.update(1000)
    expect(board.events).toEqual([])
    for (let index = 0; index < 50; index += 1) writer.append(1, Buffer.from('hello'))
    board.update(1500)
    expect(board.rows[0]).toMatchObject({ directory: queue, state: { measured: { perSecond: 100 } } })
    writer.close()
    board.update(2000)
    writer = openWriter(queue)
    board.update(2500)
    writer.close()
    folder.copyGolden('killed')
    board.update(3000)
    rmSync(queue, { recursive: true })
    board.update(3500)
    expect(board.events.map(({ kind, directory }) => `${kind} ${folder.normalise(directory)}`).reverse()).toEqual([
      'changed <root>/queue',
      'restarted <root>/queue',
      'added <root>/killed',
      'changed <root>/queue',
      'removed <root>/queue',
    ])
  })

  it('reports what a router gets: strategies that are announced and withdrawn', () => {
    using discovery = new RouterDiscovery(folder.path, { watch: false, rescanIntervalMs: 1 })
    const board = new QueueBoard(queuesBelow(folder.path, discovery))
    board.update(1000)
    const strategy = openStrategyEndpoints(folder.path, 'momentum', { writer: { segmentSize: 4096 } })
    strategy.markReady()
    discovery.rescan()
    board.update(2000)
    strategy.close()
    discovery.rescan()
    board.update(3000)
    expect(
      board.events.map(({ kind, directory }) => `${kind} ${directory}`).filter((text) => text.endsWith(' momentum')),
    ).toEqual(['withdrawn momentum', 'announced momentum'])
  })

  it('measures how long the oldest unread message has been there, independent of its timestamp', () => {
    const queue = folder.join('queue')
    using writer = openWriter(queue, { segmentSize: 4096 })
    using reader = openReader(queue, 'audit', { start: 'earliest' })
    const board = new QueueBoard(queuesBelow(folder.path))
    const lag = () => board.rows[0]?.state.readers[0]?.lag
    board.update(1000)
    writer.append(1, Buffer.from('first'), { timestampNs: 1_000_000_000n })
    board.update(2000)
    board.update(5000)
    expect(lag()).toMatchObject({ messages: 1, arrivalNs: 3_000_000_000n, oldestUnreadNs: 1_000_000_000n })
    while (reader.next() !== undefined);
    reader.commit()
    board.update(6000)
    expect(lag()).toMatchObject({ messages: 0, arrivalNs: 0n, oldestUnreadNs: null })
  })

  it('names what it does not show: queues that cannot be read, links and deep directories', () => {
    const queue = folder.join('root/queue')
    using writer = openWriter(queue, { segmentSize: 4096 })
    writer.append(1, Buffer.from('hello'))
    symlinkSync(queue, folder.join('root/linked'))
    const source = queuesBelow(folder.join('root'))
    let isReadable = true
    const board = new QueueBoard({ ...source, inspect: (...look) => (isReadable ? source.inspect(...look) : 'unreadable') })
    board.update(1000)
    expect([board.rows.length, board.unreadable, board.leftOut]).toEqual([1, [], [folder.join('root/linked')]])
    isReadable = false
    board.update(2000)
    expect([board.rows.length, board.unreadable]).toEqual([0, [queue]])
    expect(board.events[0]).toMatchObject({ kind: 'removed', directory: queue, detail: 'cannot be read' })
    const [title] = renderMonitor({ ...screenOf([]), unreadable: 1, leftOut: 2 }, createPalette(false))
    expect(title).toContain('1 unreadable  2 not searched')
  })

  it('shows no rate before the second look', () => {
    using writer = openWriter(folder.join('queue'), { segmentSize: 4096 })
    writer.append(1, Buffer.from('hello'))
    const board = new QueueBoard(queuesBelow(folder.path))
    board.update(1000)
    expect(board.rows.map(rateOf)).toEqual([undefined])
    expect(renderMonitor(screenOf(board.rows), createPalette(false)).find((line) => line.startsWith('> '))).toMatch(/ \? /)
    board.update(2000)
    expect(board.rows.map(rateOf)).toEqual([0])
  })

  it('goes on when the root is removed and made again', () => {
    const root = folder.join('root')
    openWriter(join(root, 'queue'), { segmentSize: 4096 }).close()
    const board = new QueueBoard(queuesBelow(root))
    board.update(1000)
    rmSync(root, { recursive: true })
    board.update(2000)
    expect(board.rows).toEqual([])
    openWriter(join(root, 'queue'), { segmentSize: 4096 }).close()
    board.update(3000)
    expect(board.rows).toHaveLength(1)
  })

  it('shows the same end as a full inspection', () => {
    const queue = folder.copyGolden('rolled')
    const board = new QueueBoard(queuesBelow(queue))
    board.update(1)
    expect(board.rows[0]?.inspection.head).toEqual(inspectQueue(queue).head)
  })
})

describe('the keys of chron-cli monitor', () => {
  const rows = ['alpha', 'beta', 'gamma'].map((name, index) => row(name, 10 - index))

  it('sort, filter, choose, open, go back, pause and quit', () => {
    const press = (keys: string, state: MonitorState = FIRST_STATE) =>
      splitKeys(keys).reduce((at, key) => pressKey(at, key, rows), state)
    expect(press('s').sort).toBe('name')
    expect(press('sssss').sort).toBe('state')
    expect(press('\u001b[B\u001b[B\u001b[B').selected).toBe(2)
    expect(press('jjk').selected).toBe(1)
    expect(press('j\r').opened).toBe('beta')
    expect(press('j\r\u001b').opened).toBeUndefined()
    expect(press('/gax\u007f\r')).toMatchObject({ filter: 'ga', isTyping: false })
    expect(press('/ga\r\r').opened).toBe('gamma')
    expect(press('/q')).toMatchObject({ filter: 'q', isDone: false })
    expect(press('/ga\u001b').filter).toBe('')
    expect(press(' ').isPaused).toBe(true)
    expect([press('?').isHelping, press('?s?').isHelping, press('?s?').sort]).toEqual([true, false, 'state'])
    expect([press('q').isDone, press('\u0003').isDone, press('/\u0003').isDone, press('?q').isDone]).toEqual([
      true,
      true,
      true,
      true,
    ])
  })

  it('sort rows by what was chosen', () => {
    expect(visibleRows({ ...FIRST_STATE, sort: 'rate' }, rows).map(({ directory }) => directory)).toEqual([
      'alpha',
      'beta',
      'gamma',
    ])
    expect(visibleRows({ ...FIRST_STATE, filter: 'A' }, rows)).toHaveLength(3)
    expect(visibleRows({ ...FIRST_STATE, filter: 'ph' }, rows)).toHaveLength(1)
  })
})

describe('the picture of chron-cli monitor', () => {
  const events = [{ atMs: 1000, kind: 'added', directory: '/bus/beta', detail: '' }] as const

  it.each([
    [40, 12],
    [80, 24],
    [200, 50],
  ])('fits %i columns and %i rows', (width, height) => {
    const rows = Array.from({ length: 100 }, (_, index) => row(`/bus/queue-with-a-long-name-${index}`, index))
    const picture = { root: '/bus', nowMs: 0, rows, events, width, height }
    const states = [
      { selected: 99 },
      { opened: rows[3]?.directory },
      { isHelping: true },
      { isTyping: true, filter: 'x'.repeat(300) },
    ]
    for (const state of states) {
      const lines = renderMonitor({ ...picture, state: { ...FIRST_STATE, ...state } }, createPalette(false))
      expect(lines).toHaveLength(height)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    }
  })

  it.each([40, 80, 200])('looks as it should on %i columns', async (width) => {
    const rows = [
      row('/bus/orders/queue/momentum/orders_out', 1234, [['router', 0, 0n]]),
      row('/bus/orders/queue/carry/orders_out', 0, [['router', 12, 3_000_000_000n]]),
      row('/bus/market_data/queue/prices', 250_000, [
        ['momentum', 7, 40_000n],
        ['audit', 1_200_000, 5_000_000_000n],
      ]),
    ]
    const busEvents = [
      { atMs: 5000, kind: 'withdrawn', directory: 'carry', detail: 'is READY no more' },
      { atMs: 4000, kind: 'changed', directory: '/bus/orders/queue/carry/orders_out', detail: 'running to closed' },
    ] as const
    const picture = { root: '/bus', nowMs: 6000, rows, events: busEvents, width, height: 18 }
    const screens = [{ sort: 'lag' } as const, { opened: rows[2]?.directory }, { isHelping: true }].map((state) =>
      renderMonitor({ ...picture, state: { ...FIRST_STATE, ...state } }, createPalette(false)).join('\n'),
    )
    await expect(`${screens.join(`\n${'='.repeat(width)}\n`)}\n`).toMatchFileSnapshot(`../../../test/golden/monitor-${width}.txt`)
  })

  it('keeps the chosen row in sight', () => {
    const rows = Array.from({ length: 100 }, (_, index) => row(`/bus/q${String(index).padStart(3, '0')}`, 0))
    const lines = renderMonitor(
      { root: '/bus', nowMs: 0, rows, events, width: 80, height: 24, state: { ...FIRST_STATE, selected: 77 } },
      createPalette(false),
    )
    expect(lines.find((line) => line.startsWith('> '))).toContain('q077')
  })

  it('draws rates as bars', () => {
    const trend = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ atMs: index * 1000, perSecond: index, lagMessages: 0 }))
    expect([trendLine(trend(3), 16).length, trendLine(trend(900), 16).length, trendLine(trend(2000), 16).length]).toEqual([
      3, 16, 16,
    ])
    expect(trendLine([], 16)).toBe('')
    expect(trendLine(trend(900), 8)).toBe('▁▂▃▄▅▆▇█')
    expect(sparkline([0, 1, 2, 4])).toBe('▁▂▄█')
    expect(sparkline([])).toBe('')
    expect(sparkline(Array(100).fill(1)).length).toBe(16)
  })
})

describe('chron-cli monitor', () => {
  it('streams one object per look with --json, until SIGINT', async () => {
    folder.copyGolden('rolled')
    const child = startCli(['monitor', folder.path, '--json', '--interval', '10ms'])
    const text = await readUntil(child, (soFar) => soFar.split('\n').length > 2)
    const first = JSON.parse(text.split('\n')[0] ?? '') as { schemaVersion: number; queues: unknown[] }
    child.kill('SIGINT')
    expect(first).toMatchObject({ schemaVersion: 1, command: 'monitor' })
    expect(first.queues).toHaveLength(1)
    expect(await exitOf(child)).toBe(0)
  })

  it('wants a terminal, and a directory', () => {
    expect(runCli(['monitor', folder.path]).exitCode).toBe(1)
    expect(runCli(['monitor', folder.join('missing'), '--json']).exitCode).toBe(1)
  })
})

/** `readers`: name, messages behind, and how long before the last message the next one was appended. The last message is a second old. */
function row(directory: string, rate: number, readers: readonly (readonly [string, number, bigint])[] = []): QueueRow {
  const lockless = {
    held: false,
    knownBy: 'absent',
    pid: undefined,
    record: undefined,
    recordIsBad: false,
    processRuns: undefined,
  } as const
  const inspection: QueueInspection = {
    directory,
    inspectedNs: 1_000_000_001n,
    isQueue: true,
    segmentSize: 4096,
    control: undefined,
    controlIsValid: true,
    hasExtensions: false,
    segments: { count: 1, firstId: 0, lastId: 0, inspected: [], omitted: 0, bytes: 4096, allocatedBytes: 4096 },
    head: {
      segmentId: 0,
      offset: 64,
      nextSequence: 1,
      lastTimestampNs: 1n,
      recordCount: 1,
      rate: undefined,
    },
    first: undefined,
    durable: undefined,
    writer: { ...lockless, alive: false, epoch: 1, lastHeartbeatNs: undefined, lastAppendNs: undefined },
    readers: readers.map(([name, messages, ns]) => ({
      name,
      file: `readers/${name}.meta`,
      position: { segmentId: 0, offset: 64 },
      lastHeartbeatNs: undefined,
      lastCommitNs: undefined,
      generation: 1,
      legacy: false,
      lock: { ...lockless, held: true },
      problem: undefined,
      lag: { messages, bytes: messages * 128, ns },
      pinsFrom: 0,
    })),
    markers: { ready: false, lease: false },
    thresholds: {},
    leftovers: [],
    hasQuarantine: false,
    problems: [],
  }
  const measured = { rates: { perSecond: rate, windowNs: 10_000_000_000n }, movedLately: rate > 0, readers: new Map() }
  const surroundings = { processOf: () => 'runs' as const, disk: null }
  const trend = [1, 2, 3].map((perSecond, index) => ({ atMs: index * 1000, perSecond, lagMessages: 0 }))
  return { directory, inspection, state: stateOfQueue(inspection, { measured, surroundings }), trend }
}
