import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import type { FanInMode } from '../../src/fan-in-options.js'
import type { FanInReader } from '../../src/fan-in-reader.js'
import { LONG_MS, Queues } from '../queues/queues.js'

const PROGRAM = fileURLToPath(new URL('../programs/append-in-bursts.mjs', import.meta.url))
const WRITERS = ['alpha', 'beta', 'gamma', 'delta'] as const
/** Messages of each writer. */
const COUNT = amount({ short: 2000, long: 5000, full: 50_000 })

let queues: Queues
const children: ChildProcess[] = []

beforeEach(() => {
  queues = new Queues()
})

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  queues.end()
})

function startWriter(name: string, seed: number): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, queues.directory(name), String(COUNT), String(seed)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.push(child)
  return child
}

/** Collects what is delivered: one line per message. */
class Transcript {
  readonly #hash = createHash('sha256')
  readonly next = new Map<string, number>()
  count = 0

  take(fanIn: FanInReader): void {
    fanIn.poll(Number.POSITIVE_INFINITY, ({ key, message, late }) => {
      // Not by `expect`, which would take most of the time.
      const expected = this.next.get(key) ?? 0
      if (message.sequence !== expected) throw new Error(`${key}: sequence ${message.sequence} instead of ${expected}`)
      this.next.set(key, message.sequence + 1)
      this.#hash.update(`${key} ${message.sequence} ${message.timestampNs} ${late} ${message.payload.toString('hex')}\n`)
      this.count++
    })
  }

  digest(): string {
    return this.#hash.digest('hex')
  }
}

function replay(mode: FanInMode, names: readonly string[]): string {
  const fanIn = queues.fanIn({ mode, holdBackMs: Number.POSITIVE_INFINITY })
  for (const name of names) fanIn.add(name, queues.observer(name))
  const transcript = new Transcript()
  transcript.take(fanIn)
  return transcript.digest()
}

it(
  'L40: the live order of four busy processes, one of them killed and restarted, is the order of every replay',
  async () => {
    const fanIn = queues.fanIn({ mode: 'ordered', holdBackMs: Number.POSITIVE_INFINITY })
    // The queues exist before the first message, so that the merge sees all of it.
    for (const name of WRITERS) openWriter(queues.directory(name), { segmentSize: 65536 }).close()
    for (const name of WRITERS) fanIn.add(name, queues.reader(name))

    const transcript = new Transcript()
    const running = WRITERS.map((name, i) => startWriter(name, i + 1))
    const victim = running[0] as ChildProcess
    let isOver = false
    const ends = running.slice(1).map((child) => once(child, 'exit'))
    const restarted = once(victim, 'exit').then(() => once(startWriter('alpha', 99), 'exit'))
    void Promise.all([...ends, restarted]).then(() => {
      isOver = true
    })
    while (!isOver) {
      await fanIn.waitAsync({ timeoutMs: 20 })
      transcript.take(fanIn)
      fanIn.commit()
      if ((transcript.next.get('alpha') ?? 0) > COUNT / 10) victim.kill('SIGKILL')
    }
    while (fanIn.wait({ timeoutMs: 100 }) === 'message') transcript.take(fanIn)

    expect(fanIn.metrics()).toMatchObject({ late: 0, displaced: 0, released: 0, errors: 0 })
    for (const name of WRITERS.slice(1)) expect(transcript.next.get(name)).toBe(COUNT)
    expect(transcript.next.get('alpha')).toBeGreaterThanOrEqual(COUNT)
    expect(existsSync(join(queues.directory('beta'), '000000002.q'))).toBe(true)
    const live = transcript.digest()
    for (const names of [WRITERS, [...WRITERS].reverse()]) {
      expect(replay('ordered', names)).toBe(live)
      expect(replay('eager', names)).toBe(live)
    }
  },
  LONG_MS * 5 + COUNT,
)
