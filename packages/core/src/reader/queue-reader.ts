import type { MappedControl } from '../control/mapped-control.js'
import { openControl } from '../control/open-control.js'
import { BadPositionError, DataLostError } from '../errors/index.js'
import type { DirectoryPath } from '../files/absolute-path.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { isRecordOffset, RECORD_FLAG_HEADER_CRC } from '../format/index.js'
import { readLostSequence } from '../retention/lost-position.js'
import { MessageSource, type OpenedSource } from './message-source.js'
import { type Position, PositionFile } from './position-file.js'
import { type ReaderOptions, type ResolvedSourceOptions, resolveSourceOptions } from './reader-options.js'

/**
 * Opens a queue for reading under a name. The position of a name survives restarts; a registered reader pins what it has not committed. One
 * process at a time may use a name.
 *
 * @throws {@link NotFoundError} `ERR_NOT_FOUND`, {@link NotAQueueError}, {@link ReaderActiveError} `ERR_READER_ACTIVE`, {@link BadPositionError}
 * `ERR_BAD_POSITION`, {@link DataLostError} `ERR_DATA_LOST` when the saved position was deleted (see `onLost`), {@link InvalidArgumentError}.
 * @example
 * ```ts
 * using reader = openReader('/var/lib/feed/trades', 'strategy-1')
 * for await (const message of reader.messages()) {
 *   handle(message.payload)
 *   reader.commit()
 * }
 * ```
 */
export function openReader(directory: DirectoryPath, name: string, options: ReaderOptions = {}): QueueReader {
  const resolved = resolveSourceOptions(options, 'resume')
  const held = QueueDirectory.open(directory)
  let control: MappedControl | undefined
  let file: PositionFile | undefined
  try {
    control = openControl(held, true)
    file = PositionFile.open(held, name)
    return new QueueReader(name, { directory: held, control, file, options: resolved })
  } catch (error) {
    file?.abandon()
    control?.close()
    held.close()
    throw error
  }
}

/** A named reader. Reading is as in {@link MessageSource}; {@link commit} saves the position. */
export class QueueReader extends MessageSource {
  readonly name: string
  readonly #held: QueueDirectory
  readonly #file: PositionFile
  #committedSegmentId: number

  /** Use {@link openReader}. */
  constructor(name: string, opened: OpenedSource & { readonly file: PositionFile }) {
    super('reader', opened)
    this.name = name
    this.#held = opened.directory
    this.#file = opened.file
    this.#committedSegmentId = this.#begin(opened.options).segmentId
  }

  #begin(options: ResolvedSourceOptions): Position {
    try {
      const position = this.#placeAt(options)
      this.#file.begin(position)
      return position
    } catch (error) {
      this.abandon()
      throw error
    }
  }

  /**
   * Saves the position: everything that `next()` has returned so far counts as done. A crash repeats the messages since the last commit and never
   * skips one. Costs no system call; `durable` syncs it, so that it survives a power cut.
   */
  commit(options?: { readonly durable?: boolean }): void {
    const segmentId = this.cursorSegmentId
    if (this.closed) throw this.closedError()
    this.#file.saveAt(segmentId, this.cursorOffset)
    if (this.control.writerBlockedAcquire()) this.control.addProgressSequence()
    if (segmentId !== this.#committedSegmentId) this.#leaveSegments(segmentId)
    if (options?.durable) this.#file.sync()
  }

  /** Behind the last message of a segment a writer with retention may delete it: the touched file tells it, without a poll. */
  #leaveSegments(segmentId: number): void {
    this.#committedSegmentId = segmentId
    this.#file.touch()
  }

  #placeAt(options: ResolvedSourceOptions): Position {
    const { start } = options
    if (start !== 'resume') return this.placeAtStart(start)
    const saved = this.#file.loadValid(this.name)
    if (saved === undefined) return this.placeAtStart('earliest')
    this.#checkSaved(saved)
    if (this.place(saved)) return saved
    return this.#resumeElsewhere(saved, options)
  }

  /** `from` is not known when the segment vanished in another way than through retention. */
  #dataLost(from: number | undefined, to: number): DataLostError {
    return new DataLostError({ directory: this.directory, reader: this.name, from, to })
  }

  #checkSaved(saved: Position): void {
    if (isRecordOffset(saved.offset) && saved.offset <= this.control.segmentSize) return
    throw new BadPositionError({
      path: this.#file.path,
      reader: this.name,
      detail: `offset ${saved.offset} is no place for a record`,
    })
  }

  /** The saved segment does not exist: deleted below the earliest, or ahead of a queue that was cut short or replaced. */
  #resumeElsewhere(saved: Position, options: ResolvedSourceOptions): Position {
    const isAhead = saved.segmentId > this.control.currentSegmentAcquire()
    if (isAhead)
      throw new BadPositionError({
        path: this.#file.path,
        reader: this.name,
        detail: `segment ${saved.segmentId} is ahead of the head`,
      })
    const earliest = this.placeAtStart('earliest')
    const from = readLostSequence(this.#held, this.name, saved)
    // Loaded before the look: what is appended in between is seen by it.
    const next = this.control.nextSequenceAcquire()
    const first = this.peek()
    const to = first?.sequence ?? next ?? from ?? 0
    // Recovery may go on above the segment of a reader that had nothing to lose: sequence 0 is the first there ever was, unless a writer of the base format gave it out.
    const counts = first === undefined ? next !== undefined : (first.flags & RECORD_FLAG_HEADER_CRC) !== 0
    if (counts && to === (from ?? 0)) return earliest
    if (options.onLost === 'strict') throw this.#dataLost(from, to)
    this.countLost(from === undefined ? 0 : to - from)
    return earliest
  }

  protected override closing(): void {
    this.#file.restamp()
    this.#file.close()
    // Last: a blocked writer that looks now finds the reader gone.
    if (this.control.writerBlockedAcquire()) this.control.addProgressSequence()
  }
}
