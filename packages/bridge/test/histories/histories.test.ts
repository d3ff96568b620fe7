import { describe, expect, it } from 'vitest'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { NO_SERVER, startServer } from '../support/nats-server.js'
import { temporaryDirectory } from '../support/queues.js'
import { History } from './history.js'
import { RandomNumbers } from './random-numbers.js'

/** `CHRONICLE_HISTORIES` runs more of them, `CHRONICLE_SEED` begins at another one. */
const COUNT = Number(process.env['CHRONICLE_HISTORIES'] ?? 2)
const FIRST_SEED = Number(process.env['CHRONICLE_SEED'] ?? 1)
const STEPS = 15

/** What the independent reader of the format says of the records, but for what is a queue's own. */
function witnessed(directory: string): object[] {
  return readQueue(directory, { payloads: false }).records.map(
    ({ sequence, timestampNs, typeId, length, crc32, schemaVersion, trace, source }) => ({
      sequence,
      timestampNs,
      typeId,
      length,
      crc32,
      schemaVersion,
      trace,
      source,
    }),
  )
}

async function run(seed: number): Promise<void> {
  const random = new RandomNumbers(seed)
  const server = await startServer('max_payload: 8192')
  const history = await History.begin(server, random, temporaryDirectory())
  const names = Object.keys(history.steps)
  const taken: string[] = []
  try {
    for (let step = 0; step < STEPS; step++) {
      const name = random.pick(names)
      taken.push(name)
      if (process.env['CHRONICLE_TRACE'] === '1') process.stderr.write(`${seed} ${name}\n`)
      await history.steps[name]?.()
    }
    await history.settle()
  } catch (error) {
    throw new Error(`seed ${seed}, after ${taken.join(' ')}`, { cause: error })
  } finally {
    await server.kill()
  }
  const { source, replica } = history.queues
  const [one, other] = [witnessed(source), witnessed(replica)]
  expect(other.length, `seed ${seed}: ${taken.join(' ')}`).toBeGreaterThanOrEqual(history.durableInReplica)
  expect(JSON.stringify(other) === JSON.stringify(one), `seed ${seed}: the queues differ after ${taken.join(' ')}`).toBe(true)
}

describe.skipIf(NO_SERVER !== undefined)(`random histories ${NO_SERVER ?? ''}`, () => {
  it(
    'leave both queues with the same records',
    async () => {
      for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed++) await run(seed)
    },
    COUNT * 120_000,
  )
})
