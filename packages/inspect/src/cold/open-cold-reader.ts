import { type DirectoryPath, InvalidArgumentError, type Moment, NotAQueueError } from '@chronicle-ts/core'
import {
  COUNT,
  checkOptions,
  FLAG,
  isRecordOffset,
  momentNs,
  type OptionKind,
  type OptionNames,
  pathOf,
  QueueDirectory,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '@chronicle-ts/core/internal'
import { readColdControl, soundControl } from './cold-control.js'
import type { ColdPosition } from './cold-item.js'
import type { ColdPlaces } from './cold-places.js'
import { ColdReader } from './cold-reader.js'
import { isControlOfThisRun } from './control-of-this-run.js'
import { earliestPosition, latestPosition, positionOfLast, positionOfSequence, positionOfTime, presentEnd } from './find-start.js'
import { isQueueListing, listQueue } from './queue-listing.js'

/**
 * Where a cold reader begins: at the first record or after the last one, at the n-th from the end, or at an exact place. Or at the first record at or after a sequence or a time.
 */
export type ColdStart =
  | 'earliest'
  | 'latest'
  | { readonly last: number }
  | { readonly sequence: number }
  | { readonly timestampNs: bigint }
  | { readonly time: Moment }
  | { readonly segmentId: number; readonly offset?: number }

export interface ColdReaderOptions {
  /** Default: `earliest`. */
  readonly from?: ColdStart
  /**
   * Where reading ends: `present` for the end that the queue has now, also when more is appended while it is being read, or a place. Nothing at it or after it is read. With
   * `present`, `last` counts
   * from that end. Default: continue with new messages.
   */
  readonly to?: 'present' | ColdPosition
  /** Check the CRC of every payload. Default: true. */
  readonly checkPayloads?: boolean
}

const COLD_END: OptionKind = {
  expected: "'present' or a position",
  accepts: (to) => to === 'present' || isColdPosition(to),
}

/** The end of a segment that is full is one, too, where no record begins. */
function isColdPosition(to: unknown): boolean {
  if (typeof to !== 'object' || to === null) return false
  const { segmentId, offset } = to as Partial<ColdPosition>
  return COUNT.accepts(segmentId) && COUNT.accepts(offset)
}

const NAMES: OptionNames<ColdReaderOptions> = { from: true, to: COLD_END, checkPayloads: FLAG }

/**
 * Opens a queue for reading without joining it, with `pread` only. Opening costs one directory listing and a few reads, for every size of the queue;
 * `last`, `sequence` and `timestampNs` walk the headers of one segment more. The reader stays in the directory that it opened, and ends with the problem `QUEUE_REMOVED` when its path no longer names that one.
 *
 * @throws NotFoundError, PermissionError, NotAQueueError when there is no queue to read; a broken queue is not a reason to throw.
 *
 * @example
 * ```ts
 * using reader = openColdReader('/var/lib/trades', { from: { last: 10 } })
 * for (const item of reader) if (item.kind === 'record') console.log(item.sequence, item.payload.toString())
 * ```
 */
export function openColdReader(directory: DirectoryPath, options: ColdReaderOptions = {}): ColdReader {
  checkOptions(options, NAMES)
  const held = QueueDirectory.open(pathOf(directory))
  try {
    return openHeld(held, options)
  } catch (error) {
    held.close()
    throw error
  }
}

function openHeld(held: QueueDirectory, options: ColdReaderOptions): ColdReader {
  const directory = held.self
  const listing = listQueue(directory, held.path)
  if (!isQueueListing(listing))
    throw new NotAQueueError({ directory: held.path, detail: 'it holds neither a control block nor a segment' })
  const control = readColdControl(directory)
  // Of an earlier run the control block may be older than the segments, and damage may hide which of them are used.
  const quick = isControlOfThisRun(directory, control)
  const places: ColdPlaces = { directory, segmentIds: listing.segmentIds, control: soundControl(control), quick }
  const { from = 'earliest', to } = options
  checkColdStart(from)
  // Before the start, which counts back from it.
  const end = to === 'present' ? presentEnd(places) : to
  const position = resolveStart(places, from, end)
  return ColdReader.from({ held, position, end, checkPayloads: options.checkPayloads ?? true })
}

/** Two places, or one and a misspelt word, are none. */
function checkColdStart(from: unknown): void {
  if (from === 'earliest' || from === 'latest') return
  const names = typeof from === 'object' && from !== null ? Object.keys(from) : []
  const isOne = names.length === 1 && ['last', 'sequence', 'timestampNs', 'time', 'segmentId'].includes(names[0] ?? '')
  const isPlace = names.includes('segmentId') && names.every((name) => name === 'segmentId' || name === 'offset')
  if (isOne || isPlace) return
  const expected = "'earliest', 'latest', or one of { last }, { sequence }, { timestampNs }, { time }, { segmentId, offset }"
  throw new InvalidArgumentError({ argument: 'from', value: from, expected })
}

function timeOf(time: Moment): bigint {
  const timestampNs = momentNs(time)
  if (timestampNs !== undefined) return timestampNs
  throw new InvalidArgumentError({
    argument: 'from.time',
    value: String(time),
    expected: 'a Date, milliseconds, or a bigint of nanoseconds, from 1970 on',
  })
}

function resolveStart(places: ColdPlaces, from: ColdStart, end: ColdPosition | undefined): ColdPosition {
  if (from === 'earliest') return earliestPosition(places)
  if (from === 'latest') return latestPosition(places)
  if ('last' in from) return positionOfLast(places, from.last, end)
  if ('sequence' in from) return positionOfSequence(places, from.sequence)
  if ('timestampNs' in from) return positionOfTime(places, from.timestampNs)
  if ('time' in from) return positionOfTime(places, timeOf(from.time))
  const { segmentId, offset = SEGMENT_FIRST_RECORD_OFFSET } = from
  if (!isRecordOffset(offset))
    throw new InvalidArgumentError({ argument: 'from.offset', value: String(offset), expected: 'a multiple of 64 from 64 on' })
  return { segmentId, offset }
}
