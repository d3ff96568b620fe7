import { join } from 'node:path'
import { type MessageJson, openObserver, openWriter, type QueueObserver } from '@chronicle-ts/core'
import { expect, it, onTestFinished } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { Child, killedAgainAndAgain } from '../support/child.js'
import { temporaryDirectory } from '../support/queues.js'

const MESSAGES = 6000

/** All that a message says but where it stands, and which writer appended it. */
type Told = Omit<MessageJson, 'segmentId' | 'offset' | 'writerEpoch'>

function read(directory: string): Told[] {
  using observer = openObserver(directory)
  const told: Told[] = []
  for (let message = observer.next(); message !== undefined; message = observer.next()) {
    const { segmentId: _segment, offset: _offset, writerEpoch: _epoch, ...rest } = message.toJSON()
    told.push(rest)
  }
  return told
}

/** Counts the messages of a queue that is there soon. */
class Counter {
  #observer: QueueObserver | undefined
  #count = 0

  constructor(private readonly directory: string) {
    onTestFinished(() => this.#observer?.close())
  }

  count(): number {
    try {
      this.#observer ??= openObserver(this.directory)
    } catch {
      return 0
    }
    this.#count += this.#observer.poll(Number.POSITIVE_INFINITY, () => undefined)
    return this.#count
  }
}

it('leaves the same outputs after any number of kills as without one', async () => {
  const folder = temporaryDirectory()
  const input = join(folder, 'input')
  {
    using writer = openWriter(input, { segmentSize: 1 << 20 })
    for (let number = 0; number < MESSAGES; number++) {
      const payload = Buffer.alloc(4)
      payload.writeUInt32LE(Math.imul(number, 2_654_435_761) >>> 0)
      writer.append(1, payload, { timestampNs: BigInt(number) })
    }
  }
  const [whole, killed] = ['whole', 'killed'].map((name) => join(folder, name)) as [string, string]
  await new Child('process-queue', [input, whole]).succeeded()
  const expected = read(whole)
  expect(expected.length).toBeGreaterThan(MESSAGES)
  const counter = new Counter(killed)
  await killedAgainAndAgain(() => new Child('process-queue', [input, killed]), {
    kills: amount({ short: 2, long: 4, full: 60 }),
    total: expected.length,
    progress: () => counter.count(),
  })
  expect(read(killed)).toEqual(expected)
})
