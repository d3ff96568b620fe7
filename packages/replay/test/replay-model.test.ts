import fc from 'fast-check'
import { expect, it } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'
import { openReplay } from '../src/index.js'
import { recordedQueue } from './support/queues.js'

/*
 * A replay beside a model that has no queues: arrays of times, and a list of timers. Both get the same calls and must do the same things at the same times.
 */

const MS = 1_000_000

/** Times of the messages of each queue in milliseconds. They may go back: clocks of machines do. */
type Recorded = Readonly<Record<string, readonly number[]>>
type Call =
  | { readonly kind: 'step'; readonly count: number }
  | { readonly kind: 'until'; readonly ms: number }
  | { readonly kind: 'run' }

/** What both are driven with. A handler and a timer note that they were called, and set timers. */
interface Driven {
  nowMs(): number
  setTimer(delayMs: number, callback: () => void): void
  step(count: number): number | Promise<number>
  until(ms: number): number | Promise<number>
  run(): number | Promise<number>
}

type OnMessage = (key: string, sequence: number) => void

/** The rules of docs/replay.md, and nothing else. */
class Model implements Driven {
  readonly #recorded: Recorded
  readonly #onMessage: OnMessage
  readonly #next: Record<string, number>
  readonly #timers: { readonly dueMs: number; readonly callback: () => void }[] = []
  #nowMs = 0

  constructor(recorded: Recorded, onMessage: OnMessage) {
    this.#recorded = recorded
    this.#onMessage = onMessage
    this.#next = Object.fromEntries(Object.keys(recorded).map((key) => [key, 0]))
    this.#nowMs = this.#firstMs() ?? 0
  }

  nowMs(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, callback: () => void): void {
    this.#timers.push({ dueMs: this.#nowMs + delayMs, callback })
  }

  step(count: number): number {
    return this.#go(count, undefined)
  }

  until(ms: number): number {
    return this.#go(Number.POSITIVE_INFINITY, ms)
  }

  run(): number {
    return this.#go(Number.POSITIVE_INFINITY, undefined)
  }

  #go(count: number, untilMs: number | undefined): number {
    let delivered = 0
    while (delivered < count) {
      const messageMs = this.#firstMs()
      const [timer] = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)
      const isTimer = timer !== undefined && (messageMs === undefined || timer.dueMs < messageMs)
      const eventMs = isTimer ? timer.dueMs : messageMs
      if (eventMs === undefined || eventMs > (untilMs ?? messageMs ?? this.#nowMs)) break
      this.#nowMs = eventMs
      if (isTimer) {
        this.#timers.splice(this.#timers.indexOf(timer), 1)
        timer.callback()
      } else {
        this.#deliver()
        delivered++
      }
    }
    // A call that has delivered all it may stands at the last of it.
    if (delivered < count && untilMs !== undefined) this.#nowMs = Math.max(this.#nowMs, untilMs)
    return delivered
  }

  #deliver(): void {
    const key = this.#firstKey() as string
    const sequence = this.#next[key] as number
    this.#next[key] = sequence + 1
    this.#onMessage(key, sequence)
  }

  #firstKey(): string | undefined {
    const left = Object.keys(this.#recorded)
      .sort()
      .filter((key) => this.#timeOf(key) !== undefined)
    return left.reduce<string | undefined>(
      (first, key) => (first === undefined || (this.#timeOf(key) as number) < (this.#timeOf(first) as number) ? key : first),
      undefined,
    )
  }

  #firstMs(): number | undefined {
    const key = this.#firstKey()
    return key === undefined ? undefined : Math.max(this.#nowMs, this.#timeOf(key) as number)
  }

  #timeOf(key: string): number | undefined {
    return this.#recorded[key]?.[this.#next[key] as number]
  }
}

class Real implements Driven {
  readonly #replay
  readonly #onMessage: OnMessage

  constructor(recorded: Recorded, onMessage: OnMessage) {
    const sources = Object.entries(recorded).map(([key, times]) => [key, recordedQueue(times.map((ms) => ms * MS))] as const)
    this.#replay = openReplay({ sources: Object.fromEntries(sources) })
    this.#onMessage = onMessage
  }

  readonly #handler = ({ key, message }: { key: string; message: { sequence: number } }): void => {
    this.#onMessage(key, message.sequence)
  }

  nowMs(): number {
    return Number(this.#replay.clock.nowNs()) / MS
  }

  setTimer(delayMs: number, callback: () => void): void {
    this.#replay.clock.setTimer(delayMs, callback)
  }

  step(count: number): Promise<number> {
    return this.#replay.step(count, this.#handler)
  }

  until(ms: number): Promise<number> {
    return this.#replay.until({ timestampNs: BigInt(ms * MS) }, this.#handler)
  }

  run(): Promise<number> {
    return this.#replay.run(this.#handler)
  }

  close(): void {
    this.#replay.close()
  }
}

/** Drives one of them, and returns all that happened, each with its time. */
async function drive<One extends Driven>(
  make: (onMessage: OnMessage) => One,
  calls: readonly Call[],
  delays: readonly number[],
): Promise<{ readonly one: One; readonly log: string[] }> {
  const log: string[] = []
  const delayOf = (number: number): number => delays[number % delays.length] ?? 0
  const note = (what: string): void => {
    log.push(`${what}@${one.nowMs()}`)
  }
  const one: One = make((key, sequence) => {
    note(`${key}${sequence}`)
    if (sequence % 2 === 1) return
    for (const number of [sequence, sequence + key.length])
      one.setTimer(delayOf(number), () => {
        note(`timer of ${key}${sequence}`)
        if (number % 3 === 0) one.setTimer(delayOf(number + 1), () => note(`second timer of ${key}${sequence}`))
      })
  })
  for (const call of calls) {
    const count = await (call.kind === 'step' ? one.step(call.count) : call.kind === 'until' ? one.until(call.ms) : one.run())
    note(`${call.kind} delivered ${count}`)
  }
  return { one, log }
}

it('does what its rules say, with any messages, timers and calls', async () => {
  const times = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 12 })
  const recorded = fc.record({ b: times, a: times, cc: times }, { requiredKeys: ['a'] })
  const call: fc.Arbitrary<Call> = fc.oneof(
    fc.record({ kind: fc.constant('step' as const), count: fc.nat(5) }),
    fc.record({ kind: fc.constant('until' as const), ms: fc.nat(50) }),
    fc.constant({ kind: 'run' as const }),
  )
  const delays = fc.array(fc.nat(9), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(recorded, fc.array(call, { maxLength: 7 }), delays, async (queues, calls, some) => {
      const expected = await drive((onMessage) => new Model(queues as Recorded, onMessage), calls, some)
      const found = await drive((onMessage) => new Real(queues as Recorded, onMessage), calls, some)
      found.one.close()
      expect(found.log).toEqual(expected.log)
    }),
    { numRuns: amount({ short: 25, long: 150, full: 2000 }) },
  )
})
