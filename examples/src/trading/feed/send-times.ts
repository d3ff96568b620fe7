import { openObserver, type QueueObserver } from '@chronicle-ts/core'
import { DUE_NS_OFFSET, SEND_NOTE_LENGTH, SEQUENCE_OFFSET } from './send-note.js'

/** When a frame was sent, and when it should have been. CLOCK_REALTIME in nanoseconds. */
export interface SendTimes {
  readonly sentNs: bigint
  readonly dueNs: bigint
}

/** Looks up when frames were sent, in the order in which they are read. */
export class SendTimesReader {
  readonly #notes: QueueObserver

  constructor(directory: string) {
    this.#notes = openObserver(directory, { start: 'earliest' })
  }

  /**
   * The times of the frame with this sequence, which must not be lower than the last one asked for. `undefined` when nothing was noted. A note is appended
   * before its frame, so a reader that has the frame finds the note.
   */
  find(sequence: number): SendTimes | undefined {
    let found: SendTimes | undefined
    // A feed that was killed between the two leaves a note without a frame; the frame that took the sequence later has the last note of that sequence.
    for (let note = this.#notes.peek(); note !== undefined; note = this.#notes.peek()) {
      const noted = note.length === SEND_NOTE_LENGTH ? Number(note.payload.readBigUInt64LE(SEQUENCE_OFFSET)) : -1
      if (noted > sequence) break
      if (noted === sequence) found = { sentNs: note.timestampNs, dueNs: note.payload.readBigUInt64LE(DUE_NS_OFFSET) }
      this.#notes.next()
    }
    return found
  }

  close(): void {
    this.#notes.close()
  }
}
