import { rmSync } from 'node:fs'
import { inspectQueue, openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { exitOf, readUntil, runCli, startCli } from '../../../test/support/run-cli.js'
import { createPalette } from '../../output/palette.js'
import { FIRST_STATE, type MonitorState, pressKey, visibleRows } from './monitor-state.js'
import { renderMonitor, sparkline } from './monitor-view.js'
import { QueueBoard, type QueueRow, queuesBelow } from './queue-board.js'
import { splitKeys } from './screen.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('the board behind chron-cli monitor', () => {
  it('tells rates between two looks, and what came, went, stopped and started again', () => {
    const queue = folder.join('queue')
    let writer = openWriter(queue, { segmentSize: 4096 })
    const board = new QueueBoard(queuesBelow(folder.path))
    board.update(1000)
    expect(board.events).toEqual([])
    for (let index = 0; index < 50; index += 1) writer.append(1, Buffer.from('hello'))
    board.update(1500)
    expect(board.rows[0]).toMatchObject({ directory: queue, rate: 100, history: [100] })
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
      'stopped <root>/queue',
      'restarted <root>/queue',
      'added <root>/killed',
      'stopped <root>/queue',
      'removed <root>/queue',
    ])
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
    expect(press('s').sort).toBe('rate')
    expect(press('ssss').sort).toBe('name')
    expect(press('\u001b[B\u001b[B\u001b[B').selected).toBe(2)
    expect(press('jjk').selected).toBe(1)
    expect(press('j\r').opened).toBe('beta')
    expect(press('j\r\u001b').opened).toBeUndefined()
    expect(press('/gax\u007f\r')).toMatchObject({ filter: 'ga', isTyping: false })
    expect(press('/ga\r\r').opened).toBe('gamma')
    expect(press('/q')).toMatchObject({ filter: 'q', isDone: false })
    expect(press('/ga\u001b').filter).toBe('')
    expect(press(' ').isPaused).toBe(true)
    expect([press('q').isDone, press('\u0003').isDone, press('/\u0003').isDone]).toEqual([true, true, true])
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
    for (const state of [FIRST_STATE, { ...FIRST_STATE, selected: 99 }, { ...FIRST_STATE, opened: rows[3]?.directory }]) {
      const lines = renderMonitor({ ...picture, state }, createPalette(false))
      expect(lines).toHaveLength(height)
      if (state.opened === undefined) expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    }
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

function row(directory: string, rate: number): QueueRow {
  const lockless = {
    held: false,
    knownBy: 'absent',
    pid: undefined,
    record: undefined,
    recordIsBad: false,
    processRuns: undefined,
  } as const
  return {
    directory,
    rate,
    history: [1, 2, 3],
    inspection: {
      directory,
      inspectedNs: 0n,
      isQueue: true,
      segmentSize: 4096,
      control: undefined,
      controlIsValid: true,
      hasExtensions: false,
      segments: { count: 1, firstId: 0, lastId: 0, inspected: [], omitted: 0, bytes: 4096 },
      head: {
        segmentId: 0,
        offset: 64,
        nextSequence: 1,
        lastTimestampNs: 1n,
        recordCount: 1,
        rate: { messagesPerSecond: 0, bytesPerSecond: 0, windowNs: 0n },
      },
      first: undefined,
      durable: undefined,
      writer: { ...lockless, alive: false, epoch: 1, lastHeartbeatNs: undefined },
      readers: [],
      markers: { ready: false, lease: false },
      leftovers: [],
      hasQuarantine: false,
      problems: [],
    },
  }
}
