import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { expect, it } from 'vitest'
import { openProcessor, openReplay } from '../src/index.js'
import { recordedQueue, temporaryDirectory } from './support/queues.js'

/** The programs that the design of history, replay and processing was written from, as a user writes them. */

const S = 1_000_000_000
const MINUTE_MS = 60_000

it('follows history until it is live, and says so once', async () => {
  const directory = recordedQueue([1, 2, 3])
  using writer = openWriter(directory)
  using reader = openReader(directory, 'book')
  const steps: string[] = []
  const ready = (sequence: number): void => {
    steps.push(`ready at ${sequence}`)
    writer.append(1, Buffer.from('live'))
  }
  for await (const item of reader.follow({ from: 'earliest' })) {
    if (item.kind === 'caught-up') {
      ready(item.sequence)
      continue
    }
    steps.push(`${item.message.sequence} ${item.live}`)
    if (item.live) break
  }
  expect(steps).toEqual(['0 false', '1 false', '2 false', 'ready at 3', '3 true'])
})

it('replays with a clock, by steps and up to a time', async () => {
  const q = recordedQueue([60 * S, 70 * S, 130 * S, 200 * S])
  const f = recordedQueue([65 * S, 190 * S])
  const calls: string[] = []
  const replay = openReplay({ sources: { quotes: q, fills: f }, from: { timestampNs: BigInt(60 * S) }, speed: 60_000 })
  const flushBar = (nowNs: bigint): void => void calls.push(`bar at ${nowNs / BigInt(S)}`)
  replay.clock.setTimer(MINUTE_MS, flushBar)
  const on = async (key: string, sequence: number): Promise<void> => void calls.push(`${key} ${sequence}`)
  await replay.step(1, async ({ key, message }) => on(key, message.sequence))
  await replay.step(2)
  expect(calls.splice(0)).toEqual(['quotes 0', 'fills 0', 'quotes 1'])
  replay.speed = Number.POSITIVE_INFINITY
  await replay.until({ timestampNs: BigInt(150 * S) })
  expect(calls.splice(0)).toEqual(['bar at 120', 'quotes 2'])
  expect(replay.clock.nowNs()).toBe(BigInt(150 * S))
  await replay.run()
  expect(calls).toEqual(['fills 1', 'quotes 3'])
  replay.close()
})

it('processes an input into an output with exactly one effect', async () => {
  const SIGNAL = 7
  const q = recordedQueue([1, 2, 3])
  const out = join(temporaryDirectory(), 'out')
  const signals = ({ payload }: { payload: Buffer }) => [`a${payload}`, `b${payload}`]
  for (const last of [2, 3]) {
    using writer = openWriter(out, { segmentSize: 64 * 1024 })
    using p = openProcessor({ inputs: { quotes: q }, output: writer })
    const ending = new AbortController()
    for await (const { message } of p.messages({ signal: ending.signal })) {
      for (const s of signals(message)) p.emit(SIGNAL, Buffer.from(s))
      // The next turn of the loop completes the message.
      if (message.sequence === last) setImmediate(() => ending.abort())
    }
    using input = openWriter(q)
    input.append(1, Buffer.from('4'))
  }
  using written = openReader(out, 'check')
  const texts: string[] = []
  for (let message = written.next(); message !== undefined; message = written.next()) texts.push(message.payload.toString())
  expect(texts).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4'])
})
