import { closeSync, fsyncSync, ftruncateSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { fromSystemError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openRegularFile, readRegularFile } from '../files/regular-file.js'
import { writeWhole } from '../files/whole-transfer.js'
import {
  decodePosition,
  encodePositionSlot,
  POSITION_LENGTH,
  POSITION_SLOT_COUNT,
  POSITION_SLOT_LENGTH,
  READERS_DIRECTORY,
  readerFileName,
  SEGMENT_HEADER_LENGTH,
} from '../format/index.js'
import { writeLostNote } from '../positions/lost-position.js'
import type { Place } from '../records/place.js'
import { surveySegment } from '../segment/segment-survey.js'
import { readersAfter, readersAt } from './positions-seen.js'
import type { RecoveryContext } from './recovery-context.js'

/** Where the queue goes on, and the first message that is lost, if any is. */
interface Target extends Place {
  readonly firstLost: number | undefined
}

const crc32 = (bytes: Uint8Array): number => binding.crc32(bytes)

/**
 * Decides to move the saved positions that lie behind everything that is there to where the queue goes on. The first message that is appended now is the next one for such a reader.
 * A reader that is running keeps its file; it is led on.
 */
export function putReadersRight(context: RecoveryContext, end: Place, target: Target): void {
  const seen = context.control.readHead()
  // One that stands exactly at the end would meet the new messages next, and the lost ones silently.
  const atEnd = target.firstLost === undefined ? [] : endsOf(context, end).flatMap((place) => readersAt(context, place))
  for (const reader of [...readersAfter(context, end), ...atEnd]) {
    const { name, segmentId, offset } = reader
    if (segmentId === target.segmentId && offset === target.offset) continue
    // One that had read everything lost nothing.
    const wasAtHead = seen?.segmentId === segmentId && seen.offset === offset
    const firstLost = wasAtHead ? undefined : target.firstLost
    context.note(
      'reader-ahead',
      { segmentId, offset },
      `reader ${name} goes on at segment ${target.segmentId} offset ${target.offset}`,
    )
    context.changes.replace(() => {
      context.directory.inFolder(READERS_DIRECTORY, (folder) => moveReader(folder, name, { ...target, firstLost }))
    })
  }
}

/** The end of what is left, and where the segment below ends when nothing is left in this one. */
function endsOf({ directory, segmentSize }: RecoveryContext, end: Place): Place[] {
  const segmentId = end.segmentId - 1
  if (end.offset > SEGMENT_HEADER_LENGTH || segmentId < 0) return [end]
  const below = surveySegment(directory, segmentId, segmentSize)
  return below === undefined ? [end] : [end, { segmentId, offset: below.end }]
}

/**
 * Saves a position as the reader itself would: in the slot that is not the newest. Shared, the lock keeps the reader from opening meanwhile, which sees that it need only wait.
 */
function moveReader(folder: QueueDirectory, name: string, target: Target): void {
  const fileName = readerFileName(name)
  const { segmentId, offset, firstLost } = target
  try {
    const fd = openRegularFile(folder.at(fileName), 'write')
    try {
      if (!binding.tryLock(fd, false)) return
      const found = decodePosition(readRegularFile(folder.at(fileName), POSITION_LENGTH + 1), crc32)
      if (found === 'bad') return
      const generation = found.generation + 1
      const slot = encodePositionSlot({ segmentId, offset, heartbeatNs: found.heartbeatNs, generation }, crc32)
      writeWhole(fd, slot, (generation % POSITION_SLOT_COUNT) * POSITION_SLOT_LENGTH)
      ftruncateSync(fd, POSITION_LENGTH)
      fsyncSync(fd)
      if (firstLost !== undefined) writeLostNote(folder, name, { segmentId, offset, sequence: firstLost })
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw fromSystemError(cause, { path: folder.describe(fileName) })
  }
}
