import { openTypedObserver } from '@chronicle-ts/typed'
import { SendNote } from './send-note.js'

/** When a frame was sent, and when it should have been. CLOCK_REALTIME in nanoseconds. */
export interface SendTimes {
  readonly sentNs: bigint
  readonly dueNs: bigint
}

/** Looks up when frames were sent, in the order in which they are read. */
export class SendTimesReader {
  readonly #notes
  /** The first note that was not compared with a frame. */
  #next: { readonly sequence: number; readonly times: SendTimes } | undefined

  constructor(directory: string) {
    this.#notes = openTypedObserver(directory, [SendNote], { start: 'earliest', onBadMessage: 'skip' })
  }

  /**
   * The times of the frame with this sequence, which must not be lower than the last one asked for. `undefined` when nothing was noted. A note is appended
   * before its frame, so a reader of the frame finds the note.
   */
  find(sequence: number): SendTimes | undefined {
    let found: SendTimes | undefined
    // A feed that was killed between the two leaves a note without a frame; the frame that took the sequence later has the last note of that sequence.
    for (let note = this.#peek(); note !== undefined && note.sequence <= sequence; note = this.#peek()) {
      if (note.sequence === sequence) found = note.times
      this.#next = undefined
    }
    return found
  }

  close(): void {
    this.#notes.close()
  }

  #peek() {
    if (this.#next !== undefined) return this.#next
    const note = this.#notes.next()
    if (note === undefined) return undefined
    const { sequence, dueNs } = note.body
    this.#next = { sequence, times: { sentNs: note.timestampNs, dueNs } }
    return this.#next
  }
}
