import type { CaptureCounts } from '../capture/capture-reader.js'
import type { FeedState } from '../process/program-state.js'
import { FrameAccount } from './appended-frames.js'

/** What a feed did so far. */
export class FeedProgress {
  readonly #account = new FrameAccount()
  /** Of the whole input: 0 to 1. */
  fraction = 0
  readonly #skipped = { other: 0, malformed: 0, oversize: 0 }
  readonly #warnings: string[] = []

  /** Frames appended by this process. */
  get messages(): number {
    return this.#account.count
  }

  /** A frame was appended. */
  addFrame(sequence: number, frame: Uint8Array): void {
    this.#account.add(sequence, frame)
  }

  /** A capture was played to its end. */
  addCapture(path: string, counts: CaptureCounts): void {
    this.#skipped.other += counts.otherLines
    this.#skipped.malformed += counts.malformedLines
    this.#skipped.oversize += counts.oversizeLines
    if (counts.truncated) this.#warnings.push(`${path} ends in the middle of its compressed data; what could be read was played`)
    if (counts.frames === 0) this.#warnings.push(`${path} has no frames`)
  }

  warn(text: string): void {
    this.#warnings.push(text)
  }

  get state(): FeedState {
    return {
      kind: 'feed',
      messages: this.messages,
      appended: this.#account.appended,
      fraction: this.fraction,
      skippedLines: { ...this.#skipped },
      warnings: [...this.#warnings],
    }
  }
}
