import { linkSync, lstatSync } from 'node:fs'
import { NotAQueueError } from '@chronicle-ts/core'
import {
  bootId,
  CONTROL_FILE,
  findOldControl,
  isCredibleSequence,
  type NewControlBlock,
  publishControl,
  type QueueDirectory,
  quarantineEntry,
  RECORD_FLAG_HEADER_CRC,
  rebuildControl,
  recordLength,
  removeTemporaryControl,
  SEGMENT_FIRST_RECORD_OFFSET,
  type SequenceBefore,
  setFileAside,
} from '@chronicle-ts/core/internal'
import { openColdReader } from '../cold/open-cold-reader.js'

/**
 * Puts a control block in the place of a damaged one. A writer that opens a queue rebuilds it in the same way. Here every record is read besides, so that the block also says
 * where the records end and the sequence goes on above everything that is readable.
 *
 * @returns where the old block is kept, or `undefined` when there was none.
 */
export function replaceControl(directory: QueueDirectory): string | undefined {
  const found = lstatSync(directory.at(CONTROL_FILE), { throwIfNoEntry: false })
  const old = found?.isFile() === true ? findOldControl(directory) : undefined
  const contentOf = ({ segmentSize, headId, writerEpoch }: Place) =>
    readContent(directory.self, { segmentSize, headId, writerEpoch })
  if (rebuildControl(directory, old, { mayBeEmpty: true, contentOf }) === undefined)
    throw new NotAQueueError({ directory: directory.path, detail: 'the segment size cannot be determined from any segment' })
  try {
    const keptAt = found === undefined ? undefined : keepOldControl(directory, found.isFile())
    publishControl(directory)
    return keptAt
  } catch (cause) {
    removeTemporaryControl(directory)
    throw cause
  }
}

interface Place {
  readonly segmentSize: number
  readonly headId: number
  readonly writerEpoch: number
}

/** What reading every record shows about the end of a queue. */
function readContent(directory: string, { segmentSize, headId, writerEpoch }: Place): Partial<NewControlBlock> {
  let highestSequence = -1
  let highestEpoch = writerEpoch
  let before: SequenceBefore
  let endOffset = SEGMENT_FIRST_RECORD_OFFSET
  using reader = openColdReader(directory, { checkPayloads: false })
  for (const item of reader) {
    if (item.kind !== 'record') continue
    const { segmentId, sequence } = item
    const hasHeaderCrc = (item.flags & RECORD_FLAG_HEADER_CRC) !== 0
    // One that is not credible counts as the one that would come next.
    const isCredible = isCredibleSequence({ ...item, hasHeaderCrc }, before, segmentSize)
    const counted = isCredible || (sequence === 0 && !hasHeaderCrc) ? sequence : (before?.sequence ?? 0)
    highestSequence = Math.max(highestSequence, counted)
    highestEpoch = Math.max(highestEpoch, item.writerEpoch)
    const offset = item.offset + recordLength(item.payload.length)
    before = { segmentId, offset, sequence: counted + 1 }
    if (segmentId === headId) endOffset = offset
  }
  const { segmentId, offset } = reader.position
  return {
    writerEpoch: highestEpoch,
    // A reader that has read a sealed segment to its end stands in the one that follows.
    writeOffset: segmentId === headId ? offset : segmentId === headId + 1 ? endOffset : SEGMENT_FIRST_RECORD_OFFSET,
    notifySequence: 1,
    bootId: bootId(),
    nextSequence: highestSequence + 1,
    dirtyEnd: segmentSize,
    dirtySegment: headId,
    extensionEpoch: highestEpoch % 0x1_0000_0000,
  }
}

/** The old block stays where it is until the new one is whole: a disk that is full must not cost the queue both. */
function keepOldControl(directory: QueueDirectory, isFile: boolean): string {
  if (!isFile) return setFileAside(directory, CONTROL_FILE)
  const kept = quarantineEntry(directory, CONTROL_FILE)
  linkSync(directory.at(CONTROL_FILE), directory.at(kept))
  return directory.describe(kept)
}
