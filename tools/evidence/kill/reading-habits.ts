import { type MessageSource, type QueueReader, realtimeNs, type Start } from '@chronicle-ts/core'
import type { Random } from '../random.js'
import type { Act } from './acts.js'
import { findDifference } from './expected-message.js'
import {
  type Ledger,
  READER_COMMITTED,
  READER_DELIVERED,
  READER_INTENT,
  READER_REGISTERED,
  STALL_COUNT,
  STALL_MS_MAX,
} from './ledger.js'
import { broken } from './programs/talk.js'

/** Long enough for any machine: a reader that sleeps through data for this long lost its wake-up. */
const PATIENCE_MS = 20_000

/** What a reader does under a name, and what it expects: it knows where it must come back to, and which message is next. */
export class ReadingHabits {
  #expected = -1
  /** The next message is one that was waited for. */
  #hasWaited = false

  constructor(
    readonly ledger: Ledger,
    readonly name: string,
    readonly index: number,
    readonly random: Random,
  ) {}

  /** A name that was registered comes back to where it was: to its last commit, or to the one during which it was killed. */
  opened(reader: QueueReader): void {
    const registered = this.#word(READER_REGISTERED) === 1
    this.#expected = -1
    const first = reader.peek()?.sequence ?? reader.nextSequence
    if (registered && first >= 0) {
      const [committed, intent] = [this.#word(READER_COMMITTED), this.#word(READER_INTENT)]
      if (first !== committed && first !== intent)
        broken(`${this.name} comes back at ${first}, committed ${committed}, intent ${intent}`)
    }
  }

  /** Some of those that come again begin in the middle, by sequence or by time. */
  startOf(visits: boolean): { start?: Start } {
    if (!visits || this.#word(READER_REGISTERED) === 1 || this.random.chance(0.4)) return {}
    const sequence = Math.floor(this.ledger.appended * this.random.fraction())
    const timestampNs = realtimeNs() - BigInt(this.random.integer(0, 2_000_000_000))
    return { start: this.random.pick<Start>([{ sequence }, { timestampNs }]) }
  }

  leaves(): void {
    this.#store(READER_REGISTERED, 0)
    this.#expected = -1
  }

  async read(reader: QueueReader, count: number): Promise<void> {
    this.#begin('read')
    for (let read = 0; read < count; ) {
      const appended = this.ledger.appended
      const message = reader.next()
      if (message === undefined) {
        if (this.#expected >= 0 && this.#expected < appended)
          broken(`${this.name} sees no message at ${this.#expected} although ${appended} are appended`)
        this.#commit(reader, this.random.chance(0.05))
        await this.#wait(reader)
        continue
      }
      this.#check(message)
      read++
      if (this.random.chance(0.02)) this.#commit(reader, this.random.chance(0.2))
      if (this.random.chance(0.006)) await new Promise((resolve) => setTimeout(resolve, this.random.integer(0, 4)))
    }
    this.#commit(reader)
  }

  /** Reads without an end and without a name. Throws what the source throws. */
  async observe(source: MessageSource): Promise<never> {
    this.#expected = -1
    this.#begin('read')
    for (;;) {
      const message = source.next()
      if (message === undefined) await this.#wait(source)
      else this.#checkNext(message)
    }
  }

  #check(message: Delivered): void {
    this.#checkNext(message)
    this.#store(READER_DELIVERED, this.#expected)
  }

  #checkNext(message: Delivered): void {
    const { sequence } = message
    if (this.#hasWaited) this.#noteStall(message)
    if (this.#expected >= 0 && sequence !== this.#expected) broken(`${this.name} expected ${this.#expected} and got ${sequence}`)
    const difference = findDifference(message)
    if (difference !== undefined) broken(`${this.name}: ${difference}`)
    this.#expected = sequence + 1
  }

  /** For how long a message was there before the wait for it ended: the clock at its append is in it. */
  #noteStall(message: Delivered): void {
    this.#hasWaited = false
    const stallMs = Number(realtimeNs() - message.timestampNs) / 1e6
    this.#store(STALL_COUNT, this.#word(STALL_COUNT) + 1)
    this.#store(STALL_MS_MAX, Math.max(this.#word(STALL_MS_MAX), stallMs))
  }

  #commit(reader: QueueReader, durable = false): void {
    if (this.#expected < 0) return
    this.#begin(durable ? 'durable commit' : 'commit')
    this.#store(READER_INTENT, this.#expected)
    reader.commit({ durable })
    this.#store(READER_COMMITTED, this.#expected)
    this.#store(READER_REGISTERED, 1)
    this.#begin('read')
  }

  async #wait(source: MessageSource): Promise<void> {
    const before = this.ledger.appended
    this.#begin('wait')
    const outcome = this.random.chance(0.5)
      ? source.wait({ timeoutMs: PATIENCE_MS })
      : await source.waitAsync({ timeoutMs: PATIENCE_MS })
    const missed = this.#expected >= 0 && before > this.#expected
    if (outcome === 'timeout' && missed) broken(`${this.name} slept through ${before - this.#expected} messages`)
    this.#hasWaited = outcome === 'message'
    this.#begin('read')
  }

  #begin(act: Act): void {
    this.ledger.setAct(this.index, act)
  }

  #word(word: number): number {
    return this.ledger.actor(this.index, word)
  }

  #store(word: number, value: number): void {
    this.ledger.setActor(this.index, word, value)
  }
}

interface Delivered {
  readonly sequence: number
  readonly timestampNs: bigint
  readonly typeId: number
  readonly payload: Uint8Array
}
