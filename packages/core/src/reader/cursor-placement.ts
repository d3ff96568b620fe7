import type { MappedControl } from '../control/mapped-control.js'
import { PLACE_TRIES } from '../defaults.js'
import { BadSegmentError, DataLostError, InvalidArgumentError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { Position } from '../positions/position-file.js'
import { locateStart, sequenceAtEnd } from './locate-start.js'
import type { CursorQueue } from './queue-segments.js'
import type { Place } from './reader-options.js'
import type { RecordCursor } from './record-cursor.js'

/** Places a cursor at a start that the user names. */
export class CursorPlacement {
  readonly #cursor: RecordCursor
  readonly #searched: { readonly directory: QueueDirectory; readonly control: MappedControl }
  readonly #snaps: boolean

  constructor(cursor: RecordCursor, { directory, control, options }: CursorQueue) {
    this.#cursor = cursor
    this.#searched = { directory, control }
    this.#snaps = options.onLost === 'snap'
  }

  /** Goes to a start and returns where that is. Retention may delete the segment between locating and opening it: locating again finds what is there now. */
  placeAt(start: Place): Position {
    const isResumed = typeof start === 'object' && 'segmentId' in start
    for (let tries = 0; tries < PLACE_TRIES; tries++) {
      const { position, nextSequence } = locateStart(this.#searched, start)
      if (!this.#cursor.seek(position, isResumed)) continue
      this.#assume(position, nextSequence)
      return position
    }
    if (isResumed) return this.#placeElsewhere(start)
    throw new BadSegmentError({ path: this.#searched.directory.path, detail: 'no segment can be opened' })
  }

  /** Goes to a place up to which everything was read; false when its segment does not exist. */
  resumeAt(position: Position): boolean {
    if (!this.#cursor.seek(position, true)) return false
    this.#assume(position, undefined)
    return true
  }

  /** At the end of the queue no record says which sequence comes next. */
  #assume(position: Position, nextSequence: number | undefined): void {
    const isUnknown = this.#cursor.nextSequence < 0
    this.#cursor.assume(nextSequence ?? (isUnknown ? sequenceAtEnd(this.#searched, position) : undefined))
  }

  /** The segment of a position is not there: deleted, or it never was. */
  #placeElsewhere({ segmentId, offset }: Position): Position {
    const expected = 'a position that a source of this queue gave'
    const value = `segmentId=${segmentId} offset=${offset}`
    if (segmentId > this.#searched.control.currentSegmentAcquire())
      throw new InvalidArgumentError({ argument: 'start', value, expected })
    const earliest = this.placeAt('earliest')
    if (this.#snaps) return earliest
    const to = Math.max(this.#cursor.nextSequence, 0)
    throw new DataLostError({ directory: this.#searched.directory.path, from: undefined, to })
  }
}
