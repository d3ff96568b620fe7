import { type BusLayout, openFeedWriter } from '@chronicle-ts/bus'
import type { QueueWriter, WriterOptions } from '@chronicle-ts/core'
import { openTypedWriter, type TypedWriter } from '@chronicle-ts/typed'
import { SendNote, sendNotesDirectory } from './send-notes.js'

/** typeId of the frames. */
const FRAME_TYPE = 1
const FRAME_SEGMENT_SIZE = 16 * 1024 * 1024
const NOTE_SEGMENT_SIZE = 1024 * 1024
/** A feed that has bounds waits for a reader that is looked into for so long. */
const READERS_WAIT_MS = 600_000
/** Headers of a segment and of a record. */
const OVERHEAD = 128

export interface FeedWriterOptions {
  /** Bytes of a segment of the frames. Default: 16 MiB. */
  readonly segmentSize?: number
  /** Segments that the frames may occupy: beyond them the feed waits for its readers, and what all of them have read is deleted. Default: unbounded, and nothing is deleted. */
  readonly maxSegments?: number
}

/** Writes a venue's frames, and when each was sent. */
export class FeedWriter {
  readonly #frames: QueueWriter
  readonly #notes: TypedWriter<readonly [typeof SendNote]>

  constructor(layout: BusLayout, venue: string, { segmentSize = FRAME_SEGMENT_SIZE, maxSegments }: FeedWriterOptions = {}) {
    const bounds = maxSegments === undefined ? {} : boundsOf(maxSegments)
    this.#frames = openFeedWriter(layout, venue, { segmentSize, ...bounds })
    try {
      this.#notes = openTypedWriter(sendNotesDirectory(layout, venue), [SendNote], { segmentSize: NOTE_SEGMENT_SIZE })
    } catch (error) {
      this.#frames.close()
      throw error
    }
  }

  /** Sequence of the next frame. */
  get nextSequence(): number {
    return this.#frames.nextSequence
  }

  /** Bytes of the largest frame that one record can hold. */
  get maxFrameLength(): number {
    return this.#frames.segmentSize - OVERHEAD
  }

  /**
   * Appends a frame as it is; returns its sequence.
   *
   * @param timestampNs when the recorder received it; kept as the message's timestamp
   * @param dueNs when the schedule wanted it sent
   */
  append(frame: Uint8Array, timestampNs: bigint, dueNs: bigint): number {
    this.#notes.write(SendNote, (note) => {
      note.sequence = this.#frames.nextSequence
      note.dueNs = dueNs
    })
    return this.#frames.append(FRAME_TYPE, frame, { timestampNs })
  }

  close(): void {
    this.#frames.close()
    this.#notes.close()
  }
}

/** Half of the segments stay although they were read, so that a strategy that starts has something to begin with. */
function boundsOf(maxSegments: number): WriterOptions {
  return {
    maxSegments,
    backpressure: 'block',
    backpressureTimeoutMs: READERS_WAIT_MS,
    retention: { consumed: true, minSegments: Math.ceil(maxSegments / 2) },
  }
}
