import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { amount, SEED } from '../../../../tools/evidence/effort/effort.mjs'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { NO_SERVER, startServer } from '../support/nats-server.js'
import { Network, NO_NETWORK } from '../support/network.js'
import { temporaryDirectory } from '../support/queues.js'
import { typesOf } from '../support/types.js'
import { History, textsOf } from './history.js'
import { RandomNumbers } from './random-numbers.js'

const COUNT = amount({ short: 1, long: 2, full: 500 })
const IS_TRACED = process.env['CHRONICLE_TRACE'] === '1'
const STEPS = 15
/** Of frames and of messages. Small ones, so that a history has many of them and large records travel in parts. Then those that a connection reads into a buffer of their own. */
const SIZES = [
  { frameBytes: 2048, messageBytes: 8192 },
  { frameBytes: 65_536, messageBytes: 1_048_576 },
]
/** A history waits more than it works. */
const AT_ONCE = 6

/** What the independent reader of the format says of the records, but for what is a queue's own. */
function witnessed(directory: string): Map<number, string> {
  const { records, problems } = readQueue(directory, { payloads: false })
  expect(problems).toEqual([])
  return new Map(
    records.map(({ sequence, timestampNs, typeId, length, crc32, schemaVersion, trace, source }) => [
      Number(sequence),
      JSON.stringify({ timestampNs, typeId, length, crc32, schemaVersion, trace, source }),
    ]),
  )
}

/** All queues hold the records that were appended, each from its first one on, and say the same of those that they share. All know the same types. */
function expectAgreement({ queues, appended, replicas, types }: History): void {
  for (const directory of queues) {
    expect(typesOf(directory)).toEqual(types)
    const { first, texts } = textsOf(directory)
    expect(texts).toEqual(appended.slice(first))
  }
  for (const { durable } of replicas) expect(appended.length).toBeGreaterThanOrEqual(durable)
  const [one, ...others] = queues.map(witnessed)
  for (const other of others)
    for (const [sequence, record] of other) if (one?.has(sequence)) expect(record).toBe(one.get(sequence))
}

async function run(seed: number): Promise<void> {
  const random = new RandomNumbers(seed)
  const network = NO_NETWORK === undefined ? Network.make() : undefined
  const place = network === undefined ? {} : { host: network.host, prefix: network.prefix }
  const { frameBytes, messageBytes } = random.pick(SIZES)
  const server = await startServer(`max_payload: ${messageBytes}`, place)
  const folder = temporaryDirectory()
  const history = await History.begin({ server, network, folder, frameBytes }, random)
  const names = Object.keys(history.steps)
  const taken: string[] = []
  try {
    for (let step = 0; step < STEPS; step++) {
      const name = random.pick(names)
      taken.push(name)
      const beganMs = performance.now()
      await history.steps[name]?.()
      if (IS_TRACED) process.stderr.write(`${seed} ${name} ${(performance.now() - beganMs).toFixed(0)} ms\n`)
    }
    taken.push('settle')
    const beganMs = performance.now()
    await history.settle()
    if (IS_TRACED) process.stderr.write(`${seed} settle ${(performance.now() - beganMs).toFixed(0)} ms\n`)
    expectAgreement(history)
  } catch (error) {
    await history.abandon()
    throw new Error(`seed ${seed}, after ${taken.join(' ')}: ${error}`, { cause: error })
  } finally {
    await server.kill()
    network?.remove()
  }
  rmSync(folder, { recursive: true, force: true })
}

describe.skipIf(NO_SERVER !== undefined)(`random histories ${NO_SERVER ?? NO_NETWORK ?? ''}`, () => {
  it(
    'leave all queues with the same records',
    async () => {
      const broken: unknown[] = []
      let next = SEED
      const runSome = async (): Promise<void> => {
        for (let seed = next++; seed < SEED + COUNT; seed = next++)
          await run(seed).then(
            () => COUNT > AT_ONCE && process.stderr.write(`seed ${seed} holds\n`),
            (error: unknown) => {
              broken.push(error)
              process.stderr.write(`BROKEN ${error instanceof Error ? error.message : error}\n`)
            },
          )
      }
      await Promise.all(Array.from({ length: Math.min(COUNT, AT_ONCE) }, runSome))
      if (broken.length > 0) throw broken[0]
    },
    COUNT * 120_000,
  )
})
