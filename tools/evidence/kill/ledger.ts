import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'

import { ACTS, type Act } from './acts.js'

/** Words of an actor in the ledger. */
const ACTOR_LENGTH = 8
const FIRST_ACTOR = 8
const MAX_ACTORS = 16

/** Places of the actors that are not readers; readers have the lower ones. */
export const WRITER_INDEX = 10
export const PRUNER_INDEX = 11
export const REPAIRER_INDEX = 12
export const OBSERVER_INDEX = 13

/** What a reader's owner may rely on. All are sequences of the next message. */
export const READER_COMMITTED = 0
/** Stored before the commit: the position is at one of the two. */
export const READER_INTENT = 1
export const READER_DELIVERED = 2
/** 1 while the position is known: between the first commit and the beginning of leaving. */
export const READER_REGISTERED = 3
/** What the actor is doing: an index into {@link ACTS}. */
const ACT = 4
/** How often a message ended its wait, and the longest time in milliseconds from such a message's append to the actor's hands. */
export const STALL_COUNT = 5
export const STALL_MS_MAX = 6

/**
 * What was promised to whom, in a file that all processes of a round have mapped. The last entry of a process that is killed stays: a
 * promise is written down the moment after the queue gave it, an intention the moment before.
 */
export class Ledger {
  readonly #words: Float64Array
  readonly #mapping: ArrayBuffer

  private constructor(path: string) {
    const fd = openSync(path, 'a+')
    closeSync(fd)
    const writable = openSync(path, 'r+')
    const length = 8 * (FIRST_ACTOR + MAX_ACTORS * ACTOR_LENGTH)
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

  /** Rolls by age that writers saw. */
  get rollsByAge(): number {
    return this.#words[3] ?? 0
  }

  set rollsByAge(count: number) {
    this.#words[3] = count
  }

  actor(index: number, word: number): number {
    return this.#words[FIRST_ACTOR + index * ACTOR_LENGTH + word] ?? 0
  }

  setActor(index: number, word: number, value: number): void {
    this.#words[FIRST_ACTOR + index * ACTOR_LENGTH + word] = value
  }

  actOf(index: number): Act {
    return ACTS[this.actor(index, ACT)] ?? 'nothing'
  }

  setAct(index: number, act: Act): void {
    this.setActor(index, ACT, ACTS.indexOf(act))
  }

  close(): void {
    binding.unmap(this.#mapping)
  }
}
