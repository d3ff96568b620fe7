import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openReader, openWriter } from '@chronicle-ts/core'
import { CONTROL_LAST_APPEND_NS_OFFSET } from '@chronicle-ts/core/internal'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspectQueue } from '../cold/inspect-queue.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import { queueProblem } from '../cold/queue-problem.js'
import { parseThresholds } from './read-thresholds.js'
import { StateHistory } from './state-history.js'
import { inspectState, stateOfQueue } from './state-of-queue.js'
import type { StateThresholds } from './state-thresholds.js'
import { STATES, type StateCode, stateLabel } from './state-words.js'
import type { Surroundings } from './surroundings.js'

const DOCUMENT = fileURLToPath(new URL('../../../../docs/states.md', import.meta.url))
const NS = 1_000_000_000n

let root: string
/** A queue with a living writer that appended just now, and a living reader that has read 4 of 5 messages. */
let live: QueueInspection

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-states-'))
  using writer = openWriter(join(root, 'live'), { segmentSize: 4096 })
  using reader = openReader(join(root, 'live'), 'audit', { start: 'earliest' })
  for (let index = 0; index < 5; index += 1) writer.append(1, Buffer.from('hello'))
  for (let index = 0; index < 4; index += 1) reader.next()
  reader.commit()
  live = inspectQueue(join(root, 'live'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What differs from the living queue of `live`. */
interface Case {
  readonly writer?: Partial<QueueInspection['writer']>
  readonly reader?: Partial<QueueInspection['readers'][number]>
  readonly queue?: Partial<QueueInspection>
  readonly process?: ReturnType<Surroundings['processOf']>
  readonly disk?: Surroundings['disk']
  readonly lease?: bigint
  readonly thresholds?: StateThresholds
}

const ROOMY = { freeBytes: 500e9, totalBytes: 1000e9 }
const CLOSED = { alive: false, held: false, record: undefined, processRuns: undefined } as const
const CAUGHT_UP = { messages: 0, bytes: 0, ns: 0n }

function judged({ writer = {}, reader = {}, queue = {}, process = 'runs', disk = ROOMY, lease, thresholds = {} }: Case) {
  const [only] = live.readers
  if (only === undefined) throw new Error('the queue of the test has a reader')
  const inspection = {
    ...live,
    writer: { ...live.writer, ...writer },
    readers: [{ ...only, ...reader }],
    ...queue,
  }
  return stateOfQueue(inspection, { thresholds, surroundings: { processOf: () => process, disk, leaseRenewedNs: lease ?? null } })
}

function controlWith(fields: object): Pick<QueueInspection, 'control'> {
  return { control: { ...live.control, ...fields } as QueueInspection['control'] }
}

const CASES: Record<StateCode, (seconds: (age: number) => bigint) => Case> = {
  WRITER_RUNNING: () => ({}),
  WRITER_IDLE: (ago) => ({ writer: { lastAppendNs: ago(60) } }),
  WRITER_CLOSED: () => ({ writer: CLOSED }),
  WRITER_BLOCKED: (ago) => ({ queue: controlWith({ writerBlocked: Number(ago(12) / NS) }) }),
  WRITER_STOPPED: () => ({ process: 'stopped' }),
  WRITER_DEAD: () => ({ writer: { alive: false, record: { pid: 7, startTime: 1, epoch: 1 }, processRuns: false } }),
  WRITER_REPLACED: () => ({ writer: { alive: false, record: { pid: 7, startTime: 1, epoch: 1 }, processRuns: true } }),
  WRITER_UNKNOWN: () => ({ writer: { alive: undefined } }),
  READER_RUNNING: () => ({}),
  READER_WAITING: () => ({ reader: { lag: CAUGHT_UP } }),
  READER_CLOSED: () => ({ writer: CLOSED, reader: withoutLock() }),
  READER_LAGGING: (ago) => ({ writer: { lastAppendNs: undefined }, reader: { lastCommitNs: ago(30) } }),
  READER_STOPPED: () => ({ process: 'stopped' }),
  READER_DEAD: () => ({ reader: withoutLock() }),
  READER_BAD: () => ({ reader: { problem: queueProblem('READER_BAD', ''), position: undefined, lag: undefined } }),
  READER_UNKNOWN: () => ({ reader: { lock: { ...lockOf(), held: undefined } } }),
  QUEUE_DAMAGED: () => ({ queue: { problems: [queueProblem('SEGMENT_SHORT', ''), queueProblem('LEFTOVER', '')] } }),
  CLOCK_AHEAD: () => ({ queue: { problems: [queueProblem('CLOCK_AHEAD', '', { file: 'control.meta' })] } }),
  DISK_FULL: () => ({ disk: { freeBytes: 4096, totalBytes: 1e9 } }),
  DISK_LOW: () => ({ disk: { freeBytes: 1e9, totalBytes: 1e12 } }),
  NOT_DURABLE: () => ({
    queue: { durable: { sequence: 1, segmentId: 0, offset: 64, generation: 1 } },
    thresholds: { durableBehind: { warning: 4 } },
  }),
  LEASE_EXPIRED: (ago) => ({ lease: ago(9) }),
  SYNC_FAILED: () => ({ queue: controlWith({ writeBack: 2 }) }),
}

function lockOf() {
  return live.readers[0]?.lock as QueueInspection['readers'][number]['lock']
}

function withoutLock() {
  return { lock: { ...lockOf(), held: false, pid: undefined } }
}

describe('the state of a queue', () => {
  it.each(Object.keys(CASES) as StateCode[])('%s: says the word of the table with its severity', (code) => {
    const state = judged(CASES[code]((age) => live.inspectedNs - BigInt(age) * NS))
    const [subject, word, severity] = STATES[code]
    const [reader] = state.readers
    if (severity === 'ok') expect(subject === 'writer' ? state.writer : reader).toMatchObject({ word, severity })
    else {
      const condition = state.conditions.find((candidate) => candidate.code === code)
      const expected = code === 'QUEUE_DAMAGED' ? 'critical' : severity
      expect(condition).toMatchObject({ subject, word, severity: expected, reader: subject === 'reader' ? 'audit' : null })
      expect(state.severity).not.toBe('ok')
    }
  })

  it.each([
    ['recorded long ago', 1n, true],
    ['of an hour that comes', BigInt(Date.now() + 3_600_000) * 1_000_000n, true],
    ['of now', undefined, true],
    ['of a writer of the base format, recorded long ago', 1n, false],
  ])('says running of a feed whose messages are %s, at the first look', (_, timestampNs, extensions) => {
    const directory = join(root, `feed-${timestampNs}-${extensions}`)
    using writer = openWriter(directory, { segmentSize: 4096, extensions })
    const words = (): (string | undefined)[] => [
      inspectState(directory).state.writer.word,
      inspectState(directory, { quick: true }).state.writer.word,
      new StateHistory().look(directory).state.writer.word,
    ]
    if (extensions) expect(words()).toEqual(['idle', 'idle', 'idle'])
    writer.append(1, Buffer.from('x'), { timestampNs })
    expect(words()).toEqual(['running', 'running', 'running'])
    writer.appendBatch([{ typeId: 1, payload: Buffer.from('x'), timestampNs }])
    expect(inspectQueue(directory).writer.lastAppendNs).toBeGreaterThan(BigInt(Date.now() - 600_000) * 1_000_000n)
  })

  it('says idle of a writer that renews its heartbeat and appends nothing, though its messages are of now', () => {
    const directory = join(root, 'idle')
    using writer = openWriter(directory, { segmentSize: 4096 })
    writer.append(1, Buffer.from('x'))
    const control = openSync(join(directory, 'control.meta'), 'r+')
    const longAgo = Buffer.alloc(8)
    longAgo.writeBigUInt64LE(BigInt(Date.now() - 60_000) * 1_000_000n)
    writeSync(control, longAgo, 0, 8, CONTROL_LAST_APPEND_NS_OFFSET)
    closeSync(control)
    writer.heartbeat()
    expect(inspectState(directory).state.writer.word).toBe('idle')
    writer.append(1, Buffer.from('x'), { timestampNs: 1n })
    expect(inspectState(directory).state.writer.word).toBe('running')
  })

  it('is the table of docs/states.md', () => {
    const rows = readFileSync(DOCUMENT, 'utf8').match(/^\| `[A-Z_]+` \|.*$/gm) ?? []
    const told = rows.map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '').replaceAll('**', '')))
    expect(told.map(([, code, subject, word, severity]) => [code, subject, word, severity])).toEqual(
      Object.entries(STATES).map(([code, [subject, word, severity]]) => [
        code,
        subject,
        stateLabel({ word, severity }),
        severity,
      ]),
    )
  })

  it('says by whom, since when and how full a writer is blocked, and that this reader is critical', () => {
    const { writer, readers, word } = judged(CASES.WRITER_BLOCKED((age) => live.inspectedNs - BigInt(age) * NS))
    expect(word).toBe('blocked')
    expect(writer.blocked).toMatchObject({ by: ['audit'], segments: live.segments.count, bytes: live.segments.bytes })
    expect(writer.detail).toMatch(/^by audit, for 1[23] s, full with \d segments$/)
    expect(readers[0]).toMatchObject({ blocksWriter: true, severity: 'critical' })
    const earlier = judged({ queue: controlWith({ writerBlocked: 1 }) })
    expect(earlier.writer.blocked?.sinceNs).toBeNull()
  })

  it('says how much room is left, and never more than there is', () => {
    const detail = (freeBytes: number) => judged({ disk: { freeBytes, totalBytes: 1e12 } }).conditions[0]?.detail
    expect([1024 * 1023, 7 * 2 ** 20 - 1, 48 * 2 ** 20].map(detail)).toEqual(['1023 KiB free', '7167 KiB free', '48 MiB free'])
  })

  it('never mixes the clocks of a lag: unknown is null, empty is 0', () => {
    const behind = judged({ reader: { lag: { messages: 1, bytes: 128, ns: 5n * NS } } }).readers[0]?.lag
    expect(behind).toMatchObject({ messages: 1, bytes: 128, ownNs: 5n * NS, arrivalKnownBy: 'timestamp' })
    expect(behind?.oldestUnreadNs).toBe((live.head.lastTimestampNs ?? 0n) - 5n * NS)
    const caughtUp = judged({ reader: { lag: CAUGHT_UP } }).readers[0]?.lag
    expect(caughtUp).toMatchObject({ messages: 0, bytes: 0, arrivalNs: 0n, ownNs: 0n, oldestUnreadNs: null })
    const unknown = judged({ reader: { lag: undefined, lastCommitNs: undefined } }).readers[0]
    expect(unknown?.lag).toEqual({
      messages: null,
      bytes: null,
      arrivalNs: null,
      arrivalKnownBy: null,
      ownNs: null,
      oldestUnreadNs: null,
    })
    const future = live.inspectedNs + 3600n * NS
    const ahead = { reader: { lastCommitNs: future }, writer: { lastHeartbeatNs: future, lastAppendNs: future } }
    expect(judged(ahead).readers[0]?.lag.arrivalNs).toBeNull()
  })

  it('counts acknowledged problems without raising the severity', () => {
    const problems = [{ ...queueProblem('SEGMENT_SHORT', ''), acknowledged: true }]
    expect(judged({ queue: { problems } })).toMatchObject({ severity: 'ok', acknowledged: 1 })
  })

  it('takes thresholds of the queue and of single readers', () => {
    const thresholds = parseThresholds({ lagMessages: { warning: 100, critical: 1000 }, readers: { audit: { lagMessages: 1 } } })
    expect(judged({ thresholds }).readers[0]).toMatchObject({ word: 'lagging', severity: 'warning' })
    const absent = { reader: withoutLock(), thresholds: parseThresholds({ readers: { audit: { optional: true } } }) }
    expect(judged(absent).readers[0]).toMatchObject({ word: 'closed', severity: 'ok' })
    expect(judged({ writer: CLOSED, thresholds: { writer: 'running' } })).toMatchObject({ severity: 'critical' })
    const reversed = [{ lagMessages: { warning: 2, critical: 1 } }, { diskFreeShare: { warning: 0.1, critical: 0.2 } }]
    for (const bad of reversed) expect(() => parseThresholds(bad)).toThrow('before the critical value')
    expect(parseThresholds({ diskFreeShare: { warning: 0.2, critical: 0.1 } })).toMatchObject({
      diskFreeShare: { critical: 0.1 },
    })
    for (const bad of [{ lagMesages: 1 }, { lagMessages: -1 }, { readers: { a: { writer: 'any' } } }, { writer: 'alive' }, []])
      expect(() => parseThresholds(bad)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument: 'thresholds' }),
      )
  })
})

describe('the state of a living queue', () => {
  it('reads thresholds.json, and reports one that is damaged', () => {
    writeFileSync(join(root, 'live/thresholds.json'), '{"writer":"running"}')
    expect(inspectState(join(root, 'live')).state).toMatchObject({ word: 'closed', severity: 'critical' })
    writeFileSync(join(root, 'live/thresholds.json'), '{"writer":')
    expect(inspectState(join(root, 'live')).state.conditions[0]).toMatchObject({ detail: 'THRESHOLDS_BAD' })
    rmSync(join(root, 'live/thresholds.json'))
  })

  it('follows a writer that blocks, stops and dies, in another process', async () => {
    const directory = join(root, 'process')
    const writerProgram = `import { openWriter } from '@chronicle-ts/core'
      const writer = openWriter(process.argv[1], { segmentSize: 4096, maxSegments: 2, backpressure: 'block', backpressureTimeoutMs: 600000, retention: { consumed: true } })
      process.stdout.write('open')
      for (;;) writer.append(1, Buffer.alloc(1000))`
    openWriter(directory, { segmentSize: 4096 }).close()
    openReader(directory, 'slow', { start: 'earliest' }).close()
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const child = spawn(process.execPath, ['--input-type=module', '-e', writerProgram, directory], { cwd })
    const word = () => inspectState(directory).state.writer.word
    await once(child.stdout, 'data')
    await expect.poll(word, { timeout: 30_000 }).toBe('blocked')
    const blocked = inspectState(directory).state
    expect(blocked.writer.blocked?.by).toEqual(['slow'])
    expect(blocked.readers[0]).toMatchObject({ word: 'dead', severity: 'critical', blocksWriter: true })
    expect(Number((blocked.inspectedNs - (blocked.writer.blocked?.sinceNs ?? 0n)) / NS)).toBeLessThan(30)
    child.kill('SIGSTOP')
    await expect.poll(word).toBe('stopped')
    child.kill('SIGCONT')
    await expect.poll(word).toBe('blocked')
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    expect(word()).toBe('dead')
  })
})

describe('several looks', () => {
  it('measure rates, arrival and the time to catch up by the monotonic clock', () => {
    const history = new StateHistory()
    const look = (atSeconds: number, next: number, unread: number, of = history) => {
      const [reader] = live.readers
      if (reader === undefined) throw new Error('a reader')
      const lag = { messages: unread, bytes: unread * 128, ns: 0n }
      return of.state(
        { ...live, head: { ...live.head, nextSequence: next }, readers: [{ ...reader, lag, generation: next - unread }] },
        { surroundings: { processOf: () => 'runs', disk: ROOMY } },
        atSeconds * 1000,
      )
    }
    expect(look(0, 1000, 500).measured).toBeNull()
    expect(look(1, 1100, 400)).toMatchObject({ measured: { perSecond: 100, windowNs: NS } })
    const later = look(2, 1200, 300)
    expect(later.readers[0]).toMatchObject({ perSecond: 200, catchUpSeconds: 3 })
    // Sequence 900 was there at the first look already: for at least two seconds.
    expect(later.readers[0]?.lag).toMatchObject({ arrivalNs: 2n * NS, arrivalKnownBy: 'looks' })
    expect(look(3, 1200, 50).readers[0]?.lag).toMatchObject({ arrivalNs: NS, arrivalKnownBy: 'looks' })
    // It reads as fast as the writer writes, and has read what was there at the look before.
    const keeping = new StateHistory()
    look(0, 1000, 10, keeping)
    expect(look(1, 1100, 10, keeping).readers[0]).toMatchObject({ perSecond: 100, catchUpSeconds: 0.1 })
    expect(look(2, 1200, 110, keeping).readers[0]).toMatchObject({ perSecond: 50, catchUpSeconds: null })
    expect(look(4, 1200, 0).readers[0]).toMatchObject({ word: 'waiting', catchUpSeconds: 0, lag: { arrivalNs: 0n } })
    const unknown = new StateHistory()
    look(0, 1000, 10, unknown)
    const damaged = { ...live, readers: live.readers.map((reader) => ({ ...reader, position: undefined, lag: undefined })) }
    const [reader] = unknown.state(damaged, { surroundings: { processOf: () => 'runs', disk: ROOMY } }, 1000).readers
    expect(reader).toMatchObject({ perSecond: null, catchUpSeconds: null })
    expect(look(5, 10, 0).measured).toBeNull()
    // What is unknown is null: neither the first look nor the first one after a loss measures anything.
    expect(history.trend.map(({ perSecond }) => perSecond)).toEqual([null, 100, 100, expect.any(Number), 50, null])
  })
})
