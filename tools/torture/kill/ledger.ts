import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'

/** Words of a reader in the ledger. */
const READER_LENGTH = 8
const FIRST_READER = 8
const MAX_READERS = 16

/** What a reader's owner may rely on. All are sequences of the next message. */
export const READER_COMMITTED = 0
/** Stored before the commit: the position is at one of the two. */
export const READER_INTENT = 1
export const READER_DELIVERED = 2
/** 1 while the position is known: between the first commit and the beginning of leaving. */
export const READER_REGISTERED = 3

/**
 * What was promised to whom, in a file that all processes of a round have mapped. A process that is killed leaves its last entry behind: a
 * promise is written down the moment after the queue gave it, an intention the moment before.
 */
export class Ledger {
  readonly #words: Float64Array
  readonly #mapping: ArrayBuffer

  private constructor(path: string) {
    const fd = openSync(path, 'a+')
    closeSync(fd)
    const writable = openSync(path, 'r+')
    const length = 8 * (FIRST_READER + MAX_READERS * READER_LENGTH)
    ftruncateSync(writable, length)
    this.#mapping = binding.mapFile(writable, length, true)
    closeSync(writable)
    this.#words = new Float64Array(this.#mapping)
  }

  static open(path: string): Ledger {
    return new Ledger(path)
  }

  /** All messages before this sequence were appended: the call returned. */
  get appended(): number {
    return this.#words[0] ?? 0
  }

  set appended(sequence: number) {
    this.#words[0] = sequence
  }

  /** No message from this sequence on was ever handed to the writer. */
  get attempted(): number {
    return this.#words[1] ?? 0
  }

  set attempted(sequence: number) {
    this.#words[1] = sequence
  }

  /** All messages before this sequence were said to be durable. */
  get durable(): number {
    return this.#words[2] ?? 0
  }

  set durable(sequence: number) {
    this.#words[2] = sequence
  }

  reader(index: number, word: number): number {
    return this.#words[FIRST_READER + index * READER_LENGTH + word] ?? 0
  }

  setReader(index: number, word: number, value: number): void {
    this.#words[FIRST_READER + index * READER_LENGTH + word] = value
  }

  close(): void {
    binding.unmap(this.#mapping)
  }
}
