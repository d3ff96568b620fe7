import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openReader, openWriter } from '@chronicle-ts/core'
import { type ReceiveWay, receiveBy } from './receive-by.js'

/** What the answering process gets on its command line, as JSON. */
export interface EchoTask {
  readonly there: string
  readonly back: string
  readonly way: ReceiveWay
  readonly payloadLength: number
  readonly total: number
}

export interface RoundTripOptions {
  readonly directory: string
  readonly payloadLength: number
  readonly way: ReceiveWay
  readonly warmUpCount: number
  readonly count: number
}

/** Half of a round trip, in nanoseconds. */
export interface HalfTrips {
  readonly p50Ns: number
  readonly p90Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly p9999Ns: number
  readonly maxNs: number
  readonly meanNs: number
}

/**
 * A message to another process and its answer, through two queues, both sides spinning. The next message is sent when the answer is there.
 *
 * @throws when an answer is not the one to the message, or the other process ends.
 */
export async function measureRoundTrips(options: RoundTripOptions): Promise<HalfTrips> {
  const folder = mkdtempSync(join(options.directory, 'round-trips-'))
  try {
    return await measureIn(folder, options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureIn(folder: string, options: RoundTripOptions): Promise<HalfTrips> {
  const { payloadLength, way, warmUpCount, count } = options
  const total = warmUpCount + count
  const task: EchoTask = { there: join(folder, 'there'), back: join(folder, 'back'), way, payloadLength, total }
  using writer = openWriter(task.there)
  const echo = fork(fileURLToPath(new URL('./echo.js', import.meta.url)), [JSON.stringify(task)], { execArgv: [] })
  try {
    await ready(echo)
    using reader = openReader(task.back, 'bench', { wait: 'busySpin' })
    const receive = receiveBy(way, reader)
    const payload = Buffer.alloc(payloadLength)
    const trips = new Float64Array(count)
    for (let index = 0; index < total; index++) {
      const beginMs = performance.now()
      payload.writeDoubleLE(index, 0)
      writer.append(1, payload)
      const { view, payloadOffset } = receive()
      const answer = view.getFloat64(payloadOffset, true)
      const endMs = performance.now()
      if (answer !== index) throw new Error(`the answer to message ${answer} instead of ${index}`)
      if (index >= warmUpCount) trips[index - warmUpCount] = (endMs - beginMs) * 1e6
    }
    return halves(trips)
  } finally {
    echo.kill()
  }
}

function halves(trips: Float64Array): HalfTrips {
  trips.sort()
  const at = (share: number): number => (trips[Math.floor(share * (trips.length - 1))] ?? Number.NaN) / 2
  return {
    p50Ns: at(0.5),
    p90Ns: at(0.9),
    p99Ns: at(0.99),
    p999Ns: at(0.999),
    p9999Ns: at(0.9999),
    maxNs: at(1),
    meanNs: trips.reduce((sum, trip) => sum + trip, 0) / trips.length / 2,
  }
}

async function ready(echo: ChildProcess): Promise<void> {
  const [note] = await Promise.race([once(echo, 'message'), once(echo, 'exit')])
  if (note !== 'ready') throw new Error(`the answering process ended with ${note}`)
}
