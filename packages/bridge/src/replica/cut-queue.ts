import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openWriter, type QueueObserver, SourceRewrittenError } from '@chronicle-ts/core'
import {
  cutAt,
  fromSystemError,
  QUARANTINE_DIRECTORY,
  QueueDirectory,
  syncDirectory,
  WriterLock,
} from '@chronicle-ts/core/internal'
import { areNone, companionFrames, encodeCompanions, readCompanions } from '../companions/companions.js'
import { type Frame, framesOf } from '../frames/frame.js'
import { encodeEnd, encodeFrame } from '../pipe/frame-stream.js'

/** What was cut off. */
export interface CutOff {
  readonly records: number
  /** File with the frames of these records; `undefined` when there were none. */
  readonly file: string | undefined
}

/** What the file says about whose records they are. */
interface Owner {
  readonly queueId: string
  readonly term: number
}

/** Bytes of records in a frame of the file. */
const FRAME_BYTES = 128 * 1024

/**
 * Moves the records from `sequence` on to the quarantine, as frames, and cuts the queue off there. The next record gets that sequence. A crash at any point leaves a queue
 * that can be cut again. First the records are kept and synced, then the queue is brought into the state of a power cut that took them, and recovery does the rest.
 *
 * @throws {@link SourceRewrittenError} when the records from there on are not in the queue any more; `ERR_WRITER_ACTIVE`; the code of a call of the system that failed.
 */
export function cutQueue(directory: string, sequence: number, owner: Owner): CutOff {
  try {
    return cut(directory, sequence, owner)
  } catch (error) {
    throw fromSystemError(error, { path: directory })
  }
}

function cut(directory: string, sequence: number, owner: Owner): CutOff {
  // Recovers what a killed writer left, and adopts a copy, of which recovery would not take the new end for that of a power cut.
  openWriter(directory).close()
  const held = QueueDirectory.open(directory)
  const lock = WriterLock.acquire(held)
  let off: CutOff
  try {
    using observer = openObserver(directory, { start: { sequence } })
    const first = observer.peek()
    if (first === undefined) return { records: 0, file: undefined }
    const { segmentId, offset } = first
    if (first.sequence !== sequence)
      throw new SourceRewrittenError({
        directory,
        source: owner.queueId,
        sourceSequence: sequence,
        detail: `its first record is now ${first.sequence}`,
      })
    off = keepTail(directory, observer, { sequence, owner })
    cutAt(held, { sequence, segmentId, offset })
  } finally {
    lock.release()
    held.close()
  }
  // Recovers: sets aside what follows, and leads readers on.
  openWriter(directory).close()
  return off
}

function keepTail(directory: string, tail: QueueObserver, { sequence, owner }: { sequence: number; owner: Owner }): CutOff {
  const folder = join(directory, QUARANTINE_DIRECTORY)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `unreplicated-term-${owner.term}-from-${sequence}-${Date.now()}.frames`)
  const fd = openSync(file, 'wx')
  let records = 0
  try {
    for (const frame of companionFramesOf(directory, sequence, owner)) for (const bytes of encodeFrame(frame)) writeAll(fd, bytes)
    for (let block = tail.nextBlock(FRAME_BYTES); block !== undefined; block = tail.nextBlock(FRAME_BYTES)) {
      records += block.count
      for (const frame of framesOf(block, { ...owner, maxBody: FRAME_BYTES }))
        for (const bytes of encodeFrame(frame)) writeAll(fd, bytes)
    }
    writeAll(fd, encodeEnd())
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  syncDirectory(folder)
  return { records, file }
}

/** The types of the records may be known to this queue only. */
function companionFramesOf(directory: string, first: number, owner: Owner): Frame[] {
  const companions = readCompanions(directory)
  return areNone(companions) ? [] : companionFrames(encodeCompanions(companions), { ...owner, first, maxBody: FRAME_BYTES })
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}
