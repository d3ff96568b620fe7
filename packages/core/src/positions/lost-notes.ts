import type { QueueDirectory } from '../files/queue-directory.js'
import { type LostPosition, lostPositionOf, writeLostPosition } from './lost-position.js'
import type { SurveyedReader } from './reader-survey.js'

/**
 * Notes for readers that were let go. On a full disk a note finds no room before the segment is deleted, which is what makes room: it is kept and written then.
 */
export class LostNotes {
  readonly #directory: QueueDirectory
  readonly #segmentSize: number
  readonly #unwritten = new Map<string, LostPosition>()

  constructor(directory: QueueDirectory, segmentSize: number) {
    this.#directory = directory
    this.#segmentSize = segmentSize
  }

  /** Called while the reader's segment is still there. */
  note(reader: SurveyedReader): void {
    const lost = lostPositionOf(this.#directory, reader, this.#segmentSize)
    if (lost !== undefined && !writeLostPosition(this.#directory, reader.name, lost)) this.#unwritten.set(reader.name, lost)
  }

  /** Called when space may have come back. */
  retry(): void {
    for (const [name, lost] of this.#unwritten) if (writeLostPosition(this.#directory, name, lost)) this.#unwritten.delete(name)
  }
}
