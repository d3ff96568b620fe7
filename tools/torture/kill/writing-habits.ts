import type { QueueWriter } from '@chronicle-ts/core'
import { expectedPayload, expectedType } from '../expected-message.js'
import { broken } from '../programs/talk.js'
import type { Random } from '../random.js'
import type { Ledger } from './ledger.js'

/** What a writer does from one moment to the next: its seed decides. */
export class WritingHabits {
  constructor(
    readonly writer: QueueWriter,
    readonly ledger: Ledger,
    readonly random: Random,
  ) {}

  async act(): Promise<void> {
    const choice = this.random.integer(0, 99)
    if (choice < 50) for (let count = this.random.integer(1, 40); count > 0; count--) this.append()
    else if (choice < 65) this.appendBatch(this.random.integer(1, 60))
    else if (choice < 80) this.claim()
    else if (choice < 84) this.writer.roll()
    else if (choice < 87) this.flush()
    else if (choice < 90) await this.flushLater()
    else if (choice < 94) await new Promise((resolve) => setImmediate(resolve))
    else await new Promise((resolve) => setTimeout(resolve, this.random.integer(0, 5)))
  }

  append(): void {
    const sequence = this.writer.nextSequence
    this.ledger.attempted = sequence + 1
    this.appended(this.writer.append(expectedType(sequence), expectedPayload(sequence)), sequence, 1)
  }

  appendBatch(count: number): void {
    const first = this.writer.nextSequence
    const messages = Array.from({ length: count }, (_, index) => ({
      typeId: expectedType(first + index),
      payload: expectedPayload(first + index),
    }))
    this.ledger.attempted = first + count
    this.appended(this.writer.appendBatch(messages), first, count)
  }

  claim(): void {
    const sequence = this.writer.nextSequence
    const payload = expectedPayload(sequence)
    if (this.random.chance(0.3)) {
      const abandoned = this.writer.claim(1, this.random.integer(0, 900))
      abandoned.payload.fill(0xee)
      abandoned.abort()
    }
    const claim = this.writer.claim(expectedType(sequence), payload.length)
    claim.payload.set(payload)
    this.ledger.attempted = sequence + 1
    claim.commit()
    this.appended(this.writer.nextSequence - 1, sequence, 1)
  }

  flush(): void {
    this.writer.flushSync()
    this.ledger.durable = this.writer.durableSequence
  }

  async flushLater(): Promise<void> {
    const appended = this.writer.nextSequence
    await this.writer.flush()
    if (this.writer.durableSequence < appended) broken(`flushed ${appended}, durable is ${this.writer.durableSequence}`)
    this.ledger.durable = appended
  }

  private appended(sequence: number, expected: number, count: number): void {
    if (sequence !== expected) broken(`append answered ${sequence}, expected ${expected}`)
    this.ledger.appended = expected + count
  }
}
