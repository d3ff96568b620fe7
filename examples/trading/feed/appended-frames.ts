import { createHash } from 'node:crypto'

/** What a process appended to a feed, by its own account: what the queue holds can be compared with it. */
export interface AppendedFrames {
  /** Sequence of the first one; `undefined` before it. */
  readonly firstSequence: number | undefined
  readonly count: number
  /** Of their sequences and bytes, in order. */
  readonly digest: string
}

/** Counts and digests frames, on the side that appends them and on the side that reads them back. */
export class FrameAccount {
  readonly #hash = createHash('sha256')
  readonly #head = Buffer.alloc(16)
  #firstSequence: number | undefined
  #count = 0

  add(sequence: number, frame: Uint8Array): void {
    this.#firstSequence ??= sequence
    this.#count++
    this.#head.writeBigUInt64LE(BigInt(sequence), 0)
    this.#head.writeBigUInt64LE(BigInt(frame.length), 8)
    this.#hash.update(this.#head).update(frame)
  }

  get count(): number {
    return this.#count
  }

  get appended(): AppendedFrames {
    return { firstSequence: this.#firstSequence, count: this.#count, digest: this.#hash.copy().digest('hex') }
  }
}
