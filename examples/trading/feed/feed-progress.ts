import type { CaptureCounts } from '../capture/capture-reader.js'
import type { FeedState } from '../process/program-state.js'
import { FrameAccount } from './appended-frames.js'

/** What a feed did so far. */
export class FeedProgress {
  /** Frames appended by this process. */
  readonly frames = new FrameAccount()
  /** Of the whole input: 0 to 1. */
  fraction = 0
  readonly warnings: string[] = []
  readonly #skippedLines = { other: 0, malformed: 0, oversize: 0 }

  /** A capture was played to its end. */
  addCapture(path: string, counts: CaptureCounts): void {
    this.#skippedLines.other += counts.otherLines
    this.#skippedLines.malformed += counts.malformedLines
    this.#skippedLines.oversize += counts.oversizeLines
    if (counts.truncated) this.warnings.push(`${path} ends in the middle of its compressed data; what could be read was played`)
    if (counts.frames === 0) this.warnings.push(`${path} has no frames`)
  }

  get state(): FeedState {
    const { frames, fraction, warnings } = this
    return { appended: frames.appended, fraction, skippedLines: this.#skippedLines, warnings }
  }
}
