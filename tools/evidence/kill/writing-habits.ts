import { setTimeout as pause } from 'node:timers/promises'
import type { QueueWriter, WriterOptions } from '@chronicle-ts/core'
import { appendPacked } from '../append-packed.js'
import type { Random } from '../random.js'
import type { Act } from './acts.js'
import { expectedLength, expectedPayload, expectedType } from './expected-message.js'
import { type Ledger, WRITER_INDEX } from './ledger.js'
import { broken } from './programs/talk.js'

const RECORD_HEADER_LENGTH = 64
/** More than any flush policy of the harness leaves unsynced. */
const GROUP_COUNT = 150
/** Longest wait for what happens by itself, a roll by age or a group flush: whether it comes in time is not a promise. */
const PATIENCE_MS = 100

/** What a writer does from one moment to the next: its seed decides. */
export class WritingHabits {
  constructor(
    readonly writer: QueueWriter,
    readonly options: WriterOptions,
    readonly ledger: Ledger,
    readonly random: Random,
  ) {}

  async act(): Promise<void> {
    const choice = this.random.integer(0, 99)
    if (choice < 45) for (let count = this.random.integer(1, 40); count > 0; count--) this.append()
    else if (choice < 60) this.appendBatch(this.random.integer(1, 60))
    else if (choice < 73) this.claim()
    else if (choice < 79) this.roll()
    else if (choice < 82) await this.rollByAge()
    else if (choice < 85) this.flush()
    else if (choice < 88) await this.flushLater()
    else if (choice < 91) await this.groupFlush()
    else if (choice < 95) await new Promise((resolve) => setImmediate(resolve))
    else await pause(this.random.integer(0, 5))
    // Processes that start need the machine, too.
    if (this.random.chance(0.2)) await pause(1)
  }

  append(act: Act = 'append'): void {
    const sequence = this.writer.nextSequence
    this.#begin(this.#willRoll(expectedLength(sequence)) ? 'append that rolls' : act)
    this.ledger.attempted = sequence + 1
    this.#appended(this.writer.append(expectedType(sequence), expectedPayload(sequence)), sequence, 1)
    this.#end()
  }

  appendBatch(count: number): void {
    const first = this.writer.nextSequence
    const messages = Array.from({ length: count }, (_, index) => ({
      typeId: expectedType(first + index),
      payload: expectedPayload(first + index),
    }))
    const isPacked = this.random.chance(0.5)
    this.#begin('appendBatch')
    this.ledger.attempted = first + count
    this.#appended(isPacked ? appendPacked(this.writer, messages) : this.writer.appendBatch(messages), first, count)
    this.#end()
  }

  claim(): void {
    const sequence = this.writer.nextSequence
    const payload = expectedPayload(sequence)
    this.#begin('claim')
    if (this.random.chance(0.3)) {
      const abandoned = this.writer.claim(1, this.random.integer(0, 900))
      abandoned.payload.fill(0xee)
      abandoned.abort()
    }
    const claim = this.writer.claim(expectedType(sequence), payload.length)
    claim.payload.set(payload)
    this.ledger.attempted = sequence + 1
    claim.commit()
    this.#appended(this.writer.nextSequence - 1, sequence, 1)
    this.#end()
  }

  roll(): void {
    this.#begin('roll')
    this.writer.roll()
    this.#end()
  }

  /** Waits until the timer has left a segment that holds something. */
  async rollByAge(): Promise<void> {
    if (this.options.rollAfterMs === undefined) return
    this.append()
    this.#begin('roll by age')
    const { segmentId } = this.writer.position
    await until(() => this.writer.position.segmentId > segmentId)
    if (this.writer.position.segmentId > segmentId) this.ledger.rollsByAge++
    this.#end()
  }

  flush(): void {
    this.#begin('flushSync')
    this.writer.flushSync()
    this.ledger.durable = this.writer.durableSequence
    this.#end()
  }

  async flushLater(): Promise<void> {
    const appended = this.writer.nextSequence
    this.#begin('flush')
    await this.writer.flush()
    if (this.writer.durableSequence < appended) broken(`flushed ${appended}, durable is ${this.writer.durableSequence}`)
    this.ledger.durable = appended
    this.#end()
  }

  /** Appends more than the policy leaves unsynced, and waits until some of that is durable. */
  async groupFlush(): Promise<void> {
    if (this.options.flushPolicy === undefined) return
    const first = this.writer.nextSequence
    for (let count = 0; count < GROUP_COUNT; count++) this.append('group flush')
    this.#begin('group flush')
    await until(() => this.writer.durableSequence > first)
    this.ledger.durable = this.writer.durableSequence
    this.#end()
  }

  #begin(act: Act): void {
    this.ledger.setAct(WRITER_INDEX, act)
  }

  #end(): void {
    this.ledger.setAct(WRITER_INDEX, 'nothing')
  }

  #willRoll(payloadLength: number): boolean {
    return this.writer.position.offset + RECORD_HEADER_LENGTH + payloadLength > this.writer.segmentSize
  }

  #appended(sequence: number, expected: number, count: number): void {
    if (sequence !== expected) broken(`append answered ${sequence}, expected ${expected}`)
    this.ledger.appended = expected + count
    if (this.options.flushPolicy?.wait === true) this.ledger.durable = this.writer.durableSequence
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve))
}
