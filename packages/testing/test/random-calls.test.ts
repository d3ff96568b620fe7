import { type MessageCopy, openObserver, type QueueReader } from '@chronicle-ts/core'
import { memoryQueue } from '@chronicle-ts/testing'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'

const RUNS = amount({ short: 40, long: 300, full: 3000 })

type Call =
  | { readonly kind: 'append'; readonly length: number }
  | { readonly kind: 'batch'; readonly count: number }
  | { readonly kind: 'read'; readonly count: number; readonly durable: boolean | undefined }
  | { readonly kind: 'flush' | 'crash' | 'cut' | 'drain' | 'claim' }

const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), length: fc.constantFrom(0, 1, 50, 500, 3000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('batch' as const), count: fc.integer({ min: 1, max: 30 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      count: fc.integer({ min: 1, max: 9 }),
      durable: fc.constantFrom(undefined, false, true),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('flush', 'cut', 'crash', 'drain', 'claim') }) },
)

/** A queue, and what must be in it. */
class Modelled {
  readonly queue = memoryQueue({ segmentSize: 8192, heartbeatIntervalMs: 0 })
  /** Payloads, by sequence. */
  #messages: string[] = []
  #drained = 0
  #reader: QueueReader | undefined
  #count = 0

  make(one: Call): void {
    const { queue } = this
    if (one.kind === 'append') this.#append([this.#text(one.length)])
    else if (one.kind === 'batch') this.#append(Array.from({ length: one.count }, () => this.#text(20)))
    else if (one.kind === 'flush') queue.writer.flushSync()
    else if (one.kind === 'crash') queue.crash()
    else if (one.kind === 'cut') this.#cut()
    else if (one.kind === 'drain') this.#drain()
    else if (one.kind === 'read') this.#read(one.count, one.durable)
    else {
      queue.writer.claim(3, 100)
      queue.crash()
    }
  }

  check(): void {
    using observer = openObserver(this.queue.directory)
    const found: MessageCopy[] = []
    for (let message = observer.next(); message !== undefined; message = observer.next()) found.push(message.copy())
    expect(found.map(({ sequence }) => sequence)).toEqual([...this.#messages.keys()])
    expect(found.map(({ payload }) => payload.toString())).toEqual(this.#messages)
    expect(this.queue.writer.nextSequence).toBe(this.#messages.length)
  }

  #text(length: number): string {
    return `${this.#count++}`.padEnd(length, '.')
  }

  #append(texts: readonly string[]): void {
    if (texts.length === 1) expect(this.queue.writer.append(1, Buffer.from(texts[0] as string))).toBe(this.#messages.length)
    else this.queue.writer.appendBatch(texts.map((text) => ({ typeId: 2, payload: Buffer.from(text) })))
    this.#messages.push(...texts)
  }

  /** Sealed segments are synced in the background: more may be durable than the writer said a moment before. */
  #cut(): void {
    const durable = this.queue.writer.durableSequence
    this.queue.cutPower()
    const left = this.queue.writer.nextSequence
    expect(left).toBeGreaterThanOrEqual(durable)
    expect(left).toBeLessThanOrEqual(this.#messages.length)
    this.#messages = this.#messages.slice(0, left)
    this.#drained = Math.min(this.#drained, left)
    this.#reader = undefined
  }

  #drain(): void {
    expect(this.queue.drain().map(({ payload }) => payload.toString())).toEqual(this.#messages.slice(this.#drained))
    this.#drained = this.#messages.length
  }

  #read(count: number, durable: boolean | undefined): void {
    this.#reader ??= this.queue.reader('reader')
    expect(this.#reader.nextSequence).toBeLessThanOrEqual(this.#messages.length)
    for (let read = 0; read < count; read++) {
      const message = this.#reader.next()
      if (message === undefined) break
      expect(message.payload.toString()).toBe(this.#messages[message.sequence])
    }
    if (durable !== undefined) this.#reader.commit({ durable })
  }
}

it('any calls, with a crash or a power cut between any two, leave what the calls promised', () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 5, maxLength: 60 }), (calls) => {
      const modelled = new Modelled()
      try {
        for (const one of calls) {
          modelled.make(one)
          if (one.kind === 'crash' || one.kind === 'cut' || one.kind === 'claim') modelled.check()
        }
        modelled.check()
      } finally {
        modelled.queue.close()
      }
    }),
    { numRuns: RUNS },
  )
})
