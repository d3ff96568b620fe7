import { join } from 'node:path'
import type { BusLayout } from '@chronicle-ts/bus'
import { message, u64 } from '@chronicle-ts/schema'
import { openTypedObserver } from '@chronicle-ts/typed'

/**
 * When a frame was really appended. A frame is one message, unchanged, and its timestamp is the recorder's. So a message in a queue beside it says when it was sent, one for
 * each frame, appended just before the frame. The note's own timestamp is that moment.
 */
export const SendNote = message('SendNote', 1, {
  /** The frame's. */
  sequence: u64().number(),
  /** CLOCK_REALTIME when the replay's schedule wanted it sent. */
  dueNs: u64(),
})

/** Where a feed's send notes are: beside the bus's market data and not in it, so that no program takes them for a feed. */
export function sendNotesDirectory(layout: BusLayout, venue: string): string {
  return join(layout.root, 'market_data', 'send_notes', venue)
}

/** When a frame was sent, and when it should have been. CLOCK_REALTIME in nanoseconds. */
export interface SendTimes {
  readonly sentNs: bigint
  readonly dueNs: bigint
}

/** Looks up when frames were sent, in the order in which they are read. */
export class SendTimesReader {
  readonly #notes
  /** The first note that was not compared with a frame. */
  #next: (SendTimes & { readonly sequence: number }) | undefined

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
      if (note.sequence === sequence) found = note
      this.#next = undefined
    }
    return found
  }

  close(): void {
    this.#notes.close()
  }

  #peek() {
    const note = this.#next === undefined ? this.#notes.next() : undefined
    if (note !== undefined) this.#next = { sequence: note.body.sequence, sentNs: note.timestampNs, dueNs: note.body.dueNs }
    return this.#next
  }
}
