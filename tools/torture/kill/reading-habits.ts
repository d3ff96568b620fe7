import type { MessageSource, QueueReader } from '@chronicle-ts/core'
import { findDifference } from '../expected-message.js'
import { broken } from '../programs/talk.js'
import type { Random } from '../random.js'
import { type Ledger, READER_COMMITTED, READER_DELIVERED, READER_INTENT, READER_REGISTERED } from './ledger.js'

/** Long enough for any machine: a reader that sleeps through data for this long lost its wake-up. */
const PATIENCE_MS = 20_000

/** What a reader does under a name, and what it expects: it knows where it must come back to, and which message is next. */
export class ReadingHabits {
  #expected = -1

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

  leaves(): void {
    this.#store(READER_REGISTERED, 0)
    this.#expected = -1
  }

  async read(reader: QueueReader, count: number): Promise<void> {
    for (let read = 0; read < count; ) {
      const appended = this.ledger.appended
      const message = reader.next()
      if (message === undefined) {
        if (this.#expected >= 0 && this.#expected < appended)
          broken(`${this.name} sees no message at ${this.#expected} although ${appended} are appended`)
        this.#commit(reader)
        await this.#wait(reader)
        continue
      }
      this.#check(message)
      read++
      if (this.random.chance(0.02)) this.#commit(reader, this.random.chance(0.05))
      if (this.random.chance(0.002)) await new Promise((resolve) => setTimeout(resolve, this.random.integer(0, 4)))
    }
    this.#commit(reader)
  }

  /** Reads for ever, without a name. Throws what the source throws. */
  async observe(source: MessageSource): Promise<never> {
    this.#expected = -1
    for (;;) {
      const message = source.next()
      if (message === undefined) await this.#wait(source)
      else this.#checkNext(message)
    }
  }

  #check(message: { sequence: number; typeId: number; payload: Uint8Array }): void {
    this.#checkNext(message)
    this.#store(READER_DELIVERED, this.#expected)
  }

  #checkNext(message: { sequence: number; typeId: number; payload: Uint8Array }): void {
    const { sequence } = message
    if (this.#expected >= 0 && sequence !== this.#expected) broken(`${this.name} expected ${this.#expected} and got ${sequence}`)
    const difference = findDifference(message)
    if (difference !== undefined) broken(`${this.name}: ${difference}`)
    this.#expected = sequence + 1
  }

  #commit(reader: QueueReader, durable = false): void {
    if (this.#expected < 0) return
    this.#store(READER_INTENT, this.#expected)
    reader.commit({ durable })
    this.#store(READER_COMMITTED, this.#expected)
    this.#store(READER_REGISTERED, 1)
  }

  async #wait(source: MessageSource): Promise<void> {
    const before = this.ledger.appended
    const outcome = this.random.chance(0.5)
      ? source.wait({ timeoutMs: PATIENCE_MS })
      : await source.waitAsync({ timeoutMs: PATIENCE_MS })
    const missed = this.#expected >= 0 && before > this.#expected
    if (outcome === 'timeout' && missed) broken(`${this.name} slept through ${before - this.#expected} messages`)
  }

  #word(word: number): number {
    return this.ledger.reader(this.index, word)
  }

  #store(word: number, value: number): void {
    this.ledger.setReader(this.index, word, value)
  }
}
