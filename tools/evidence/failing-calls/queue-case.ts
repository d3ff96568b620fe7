import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BatchMessage,
  listReaders,
  openReader,
  openWriter,
  type QueueReader,
  type QueueWriter,
  type WriterOptions,
} from '@chronicle-ts/core'
import { appendPacked } from '../append-packed.js'
import { Ledger, messageOf } from './ledger.js'

export const SEGMENT_SIZE = 4096

/** A handle that a case opened, to be closed at its end. */
interface Closable {
  close(): void
}

/** One queue, the handles that a case opened on it, and what they said. Every call goes through here, so that what it said is noted. */
export class QueueCase {
  readonly folder: string
  readonly directory: string
  readonly ledger = new Ledger()
  readonly handles: { readonly what: string; readonly handle: Closable }[] = []
  writer: QueueWriter | undefined
  /** What the operation said at last, for the look afterwards; `undefined` when it failed. */
  said: unknown
  readonly readers = new Map<string, QueueReader>()

  constructor(folder: string, directory = 'queue') {
    this.folder = folder
    this.directory = join(folder, directory)
    mkdirSync(folder, { recursive: true })
  }

  /** Opens the writer; `undefined` with a note when that fails. */
  openWriter(options: WriterOptions = {}): QueueWriter | undefined {
    return this.attempt('openWriter', () => {
      const writer = openWriter(this.directory, { segmentSize: SEGMENT_SIZE, heartbeatIntervalMs: 0, ...options })
      this.handles.push({ what: 'writer', handle: writer })
      this.writer = writer
      const { next } = this.ledger
      if (writer.nextSequence !== next) this.ledger.find(`the writer opens at sequence ${writer.nextSequence}, not at ${next}`)
      return writer
    })
  }

  /** Takes a handle that was opened elsewhere, to be closed at the end, and its writer of this queue. */
  adopt(what: string, handle: Closable, writer?: QueueWriter): void {
    this.handles.push({ what, handle })
    if (writer !== undefined) this.writer = writer
  }

  openReader(name: string): QueueReader | undefined {
    return this.attempt(`openReader ${name}`, () => {
      const reader = openReader(this.directory, name)
      this.handles.push({ what: `reader ${name}`, handle: reader })
      this.readers.set(name, reader)
      if (!this.ledger.positions.has(name)) this.ledger.positions.set(name, new Set([0]))
      return reader
    })
  }

  /** Appends messages one by one. Stops at the first that is refused. */
  append(count: number): void {
    const { writer } = this
    if (writer === undefined) return
    for (let index = 0; index < count; index++) {
      const sequence = writer.nextSequence
      const { typeId, payload } = messageOf(sequence)
      const isIn = this.#isAccepted('append', sequence, sequence + 1, () => writer.append(typeId, payload))
      if (!isIn) return
    }
  }

  appendBatch(count: number): void {
    this.#appendTogether('appendBatch', count, (writer, messages) => writer.appendBatch(messages))
  }

  appendPacked(count: number): void {
    this.#appendTogether('appendPacked', count, appendPacked)
  }

  #appendTogether(name: string, count: number, append: (writer: QueueWriter, messages: readonly BatchMessage[]) => number): void {
    const { writer } = this
    if (writer === undefined) return
    const first = writer.nextSequence
    const messages = Array.from({ length: count }, (_, index) => messageOf(first + index))
    const isIn = this.#isAccepted(name, first, first + count, () => append(writer, messages))
    // What stands before the refused message is appended, and the next sequence shows how many that are.
    if (!isIn) this.ledger.accept(first, writer.nextSequence)
  }

  claim(): void {
    const { writer } = this
    if (writer === undefined) return
    const sequence = writer.nextSequence
    const { typeId, payload } = messageOf(sequence)
    this.#isAccepted('claim', sequence, sequence + 1, () => {
      const claim = writer.claim(typeId, payload.length)
      claim.payload.set(payload)
      claim.commit()
      return sequence
    })
  }

  flushSync(): boolean {
    const { writer } = this
    if (writer === undefined) return false
    const { nextSequence } = writer
    return (
      this.attempt('flushSync', () => {
        writer.flushSync()
        return this.#noteDurable(nextSequence)
      }) ?? false
    )
  }

  async flush(): Promise<boolean> {
    const { writer } = this
    if (writer === undefined) return false
    const { nextSequence } = writer
    try {
      await writer.flush()
      return this.#noteDurable(nextSequence)
    } catch (error) {
      this.ledger.note('flush', error)
      return false
    }
  }

  /** Reads `count` messages with a reader, checks each, and commits. */
  readAndCommit(name: string, count: number, options: { readonly durable?: boolean } = {}): boolean {
    const reader = this.readers.get(name)
    const known = this.ledger.positions.get(name)
    if (reader === undefined || known === undefined) return false
    let next: number | undefined
    for (let index = 0; index < count; index++) {
      const sequence = this.read(name)
      if (sequence === undefined) break
      next = sequence + 1
    }
    if (next === undefined) return false
    const committed = next
    known.add(committed)
    return (
      this.attempt('commit', () => {
        reader.commit(options)
        this.ledger.positions.set(name, new Set([committed]))
        return true
      }) ?? false
    )
  }

  /** The sequence of the next message of a reader, which is checked. */
  read(name: string): number | undefined {
    return this.attempt('next', () => {
      const message = this.readers.get(name)?.next()
      if (message === undefined) return undefined
      const expected = messageOf(message.sequence)
      if (message.typeId !== expected.typeId || !expected.payload.equals(message.payload))
        this.ledger.find(`reader ${name} gets other bytes than were appended under ${message.sequence}`)
      return message.sequence
    })
  }

  /** Notes what a call throws; then its result is `undefined`. */
  attempt<T>(doing: string, call: () => T): T | undefined {
    try {
      return call()
    } catch (error) {
      this.ledger.note(doing, error)
      return undefined
    }
  }

  async attemptAsync<T>(doing: string, call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call()
    } catch (error) {
      this.ledger.note(doing, error)
      return undefined
    }
  }

  /** Names that are registered, by what the library lists. */
  namesOfReaders(): string[] {
    return listReaders(this.directory).map(({ name }) => name)
  }

  closeReader(name: string): void {
    const reader = this.readers.get(name)
    this.attempt(`close of reader ${name}`, () => reader?.close())
    this.readers.delete(name)
  }

  closeAll(): void {
    for (const { what, handle } of this.handles.splice(0).reverse()) {
      try {
        handle.close()
      } catch (error) {
        this.ledger.note(`close of the ${what}`, error)
      }
    }
    this.writer = undefined
    this.readers.clear()
  }

  #noteDurable(sequence: number): boolean {
    this.ledger.durable = Math.max(this.ledger.durable, sequence)
    const { durableSequence = 0 } = this.writer ?? {}
    if (durableSequence < sequence)
      this.ledger.find(`a flush up to ${sequence} returned and durableSequence is ${durableSequence}`)
    return true
  }

  /** Whether the append said that its messages are in. An error may say that they are visible, yet not durable. */
  #isAccepted(doing: string, from: number, to: number, append: () => number): boolean {
    try {
      const said = append()
      if (said !== from) this.ledger.find(`${doing} said sequence ${said} instead of ${from}`)
      this.ledger.accept(from, to)
      return true
    } catch (error) {
      const coded = this.ledger.note(doing, error)
      if (coded !== undefined && String(coded.code) === 'ERR_NOT_DURABLE') {
        this.ledger.accept(from, this.writer?.nextSequence ?? to)
        return true
      }
      this.ledger.refused.set(from, error)
      return false
    }
  }
}
