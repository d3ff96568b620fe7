import { expect } from 'vitest'
import { type BatchMessage, isQueueError, openObserver, type QueueWriter } from '../../src/index.js'

interface Entry {
  readonly typeId: number
  readonly text: string
}

/** Keeps what a writer acknowledged, to be compared with what its queue holds. */
export class Ledger {
  readonly #acknowledged = new Map<number, Entry>()
  #count = 0

  /** A message that no other is equal to. */
  next(): Entry & { payload: Buffer } {
    this.#count++
    const text = `message ${this.#count} `.padEnd(200, '.')
    return { typeId: this.#count, text, payload: Buffer.from(text) }
  }

  acknowledge(sequence: number, { typeId, text }: Entry): void {
    expect(this.#acknowledged.has(sequence), `sequence ${sequence} was given out twice`).toBe(false)
    this.#acknowledged.set(sequence, { typeId, text })
  }

  append(writer: QueueWriter): void {
    const entry = this.next()
    this.acknowledge(writer.append(entry.typeId, entry.payload), entry)
  }

  batch(writer: QueueWriter, count: number): void {
    this.batchOf(writer, count, (entries) => entries)
  }

  /** Appends a batch that `wrap` makes of these messages. */
  batchOf(writer: QueueWriter, count: number, wrap: (entries: readonly BatchMessage[]) => Iterable<BatchMessage>): void {
    const entries = Array.from({ length: count }, () => this.next())
    const messages = entries.map(({ typeId, payload }) => ({ typeId, payload }))
    const acknowledge = (first: number, appended: number): void => {
      for (const [index, entry] of entries.slice(0, appended).entries()) this.acknowledge(first + index, entry)
    }
    try {
      acknowledge(writer.appendBatch(wrap(messages)), count)
    } catch (error) {
      if (isQueueError(error) && error.batch !== undefined) acknowledge(error.batch.first, error.batch.count)
      throw error
    }
  }

  claim(writer: QueueWriter, options?: { readonly timestampNs?: bigint }): void {
    const entry = this.next()
    const claim = writer.claim(entry.typeId, entry.payload.length)
    entry.payload.copy(claim.payload)
    claim.commit(options)
    this.acknowledge(writer.nextSequence - 1, entry)
  }

  /** The queue holds what was acknowledged from its first message on, and nothing else. */
  compare(directory: string): void {
    using observer = openObserver(directory)
    const found = new Map<number, Entry>()
    observer.poll(1e9, (message) => found.set(message.sequence, { typeId: message.typeId, text: message.payload.toString() }))
    const first = Math.min(...found.keys())
    const expected = new Map([...this.#acknowledged].filter(([sequence]) => sequence >= first))
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  }
}

/** Runs what may be refused: by an error of a queue, and no other. */
export function tolerantly(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!isQueueError(error)) throw error
  }
}
