import { DataLostError } from '@chronicle-ts/core'
import { decompress } from '../frames/compression.js'
import { isMarker } from '../frames/frame.js'
import { FrameAssembler, type WholeFrame } from '../frames/frame-assembler.js'
import { firstDifference } from '../replica/compare-records.js'
import type { FrameStream } from './frame-stream.js'

/** Bytes that a body may decompress to. */
const DECOMPRESSED_MAX = 2 ** 31

/** A queue, and the sequence of the record that it needs next. */
interface Own {
  readonly directory: string
  readonly next: number
}

/** Where a queue goes on as a replica. */
export interface Fork {
  readonly first: number
  /** Term of that record: terms that begin later are met in the stream. */
  readonly term: number
}

/** Whole records of the stream, and the message that completes them. */
interface Found {
  readonly frame: WholeFrame
  readonly sequence: number
}

/**
 * Finds where a queue and a stream part: the first record that the queue has and the stream does not have, or has otherwise. Two copies of a history that parted never meet again, so bisection finds the first
 * frame that differs.
 *
 * @throws {@link DataLostError} when the stream begins after the queue ends, or after the place where they parted.
 */
export async function findFork(stream: FrameStream, own: Own): Promise<Fork> {
  // One look for all: a source that publishes meanwhile must not move the end.
  const end = await stream.end()
  if (end.last === undefined) throw new DataLostError({ directory: own.directory, from: own.next, to: 0 })
  const range = { first: end.firstSequence, last: end.lastSequence }
  const begin = await wholeFrameFrom(stream, range.first, range.last)
  const marker = await markerAt(stream, range)
  const first = begin?.frame.first ?? marker
  if (first === undefined || first > own.next)
    throw new DataLostError({ directory: own.directory, from: own.next, to: first ?? 0 })
  // A stream that was lost, and a promoted queue that has not pushed yet: up to the marker it is a copy of this one.
  if (begin === undefined) return { first, term: end.term }
  let low = range.first
  let high = range.last + 1
  // Messages below `low` are equal; from `high` on they differ, or there is none.
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const found = await wholeFrameFrom(stream, middle, range.last)
    if (found === undefined || differenceIn(found.frame, own) !== undefined) high = middle
    else low = Math.max(found.sequence, middle) + 1
  }
  const found = await wholeFrameFrom(stream, low, range.last)
  const fork = (found === undefined ? end.next : differenceIn(found.frame, own)) ?? own.next
  // The first record of the stream differs, and no marker says that the term begins there: the queue may have parted from it before.
  if (fork === begin.frame.first && fork < own.next && fork > 0 && marker !== fork)
    throw new DataLostError({ directory: own.directory, from: 0, to: fork })
  return { first: Math.min(fork, own.next), term: found?.frame.term ?? end.term }
}

/** The record at which a term begins, when its marker is the first whole message of the stream. A stream that was trimmed may begin with the last parts of a large record. */
async function markerAt(
  stream: FrameStream,
  { first, last }: { readonly first: number; readonly last: number },
): Promise<number | undefined> {
  const found = await wholeFrom(stream, first, last, (frame) => frame.count > 0 || isMarker(frame))
  return found !== undefined && isMarker(found.frame) ? found.frame.first : undefined
}

/** The first record that the queue does not have, or has otherwise. */
function differenceIn({ first, count, body }: WholeFrame, { directory, next }: Own): number | undefined {
  const differs = firstDifference(directory, { bytes: decompress(body, DECOMPRESSED_MAX), first })
  if (differs !== undefined) return differs
  return first + count > next ? Math.max(next, first) : undefined
}

/** The first frame with records from this message on. */
function wholeFrameFrom(stream: FrameStream, from: number, last: number): Promise<Found | undefined> {
  return wholeFrom(stream, from, last, ({ count }) => count > 0)
}

/** The first frame or marker from this message on that is wanted, as far as all of its parts are there. Parts of which the first ones come before are left out. */
async function wholeFrom(
  stream: FrameStream,
  from: number,
  last: number,
  isWanted: (frame: WholeFrame) => boolean,
): Promise<Found | undefined> {
  const assembler = new FrameAssembler()
  for (let sequence = from; sequence <= last; sequence++) {
    const frame = await stream.frameAt(sequence)
    const whole = frame === undefined ? undefined : assembler.take(frame)
    if (whole !== undefined && typeof whole !== 'string' && isWanted(whole)) return { frame: whole, sequence }
  }
  return undefined
}
