import { rmSync } from 'node:fs'
import type { QueueDirectory } from '../files/queue-directory.js'
import { readRegularFile } from '../files/regular-file.js'
import { replaceFile } from '../files/replace-file.js'
import { READERS_DIRECTORY } from '../format/index.js'
import { sequenceAt } from '../segment/record-scan.js'
import { openSegment } from '../segment/segment-files.js'
import type { SurveyedReader } from './reader-survey.js'

/** Which sequence stood at a position whose segment is deleted: what a reader that was let go needs to know how much it lost. */
export interface LostPosition {
  readonly segmentId: number
  readonly offset: number
  readonly sequence: number
}

/** Three numbers as JSON are shorter. */
const NOTE_LENGTH_MAX = 256

function lostFileName(name: string): string {
  return `${name}.lost`
}

/** Which sequence stands at a reader's position; `undefined` when that is not known. */
export function lostPositionOf(directory: QueueDirectory, reader: SurveyedReader, segmentSize: number): LostPosition | undefined {
  const { segmentId, offset } = reader
  try {
    const segment = openSegment(directory, segmentId, segmentSize, false)
    if (segment === undefined) return undefined
    try {
      const sequence = sequenceAt(segment, offset)
      return sequence === undefined ? undefined : { segmentId, offset, sequence }
    } finally {
      segment.close()
    }
  } catch {
    // The reader's error will say that messages are lost, but not how many.
    return undefined
  }
}

/** Writes the note beside the reader's file. @returns whether that went well: a disk may be full. */
export function writeLostPosition(directory: QueueDirectory, name: string, lost: LostPosition): boolean {
  try {
    directory.inFolder(READERS_DIRECTORY, (folder) => writeLostNote(folder, name, lost))
    return true
  } catch {
    return false
  }
}

/** Notes in the folder of the readers that a reader which stands at a position has lost the messages from a sequence on. */
export function writeLostNote(folder: QueueDirectory, name: string, lost: LostPosition): void {
  replaceFile(folder.at(lostFileName(name)), `${JSON.stringify(lost)}\n`, { mode: folder.fileMode })
}

/** Deletes the note of a reader that has got the error. */
export function removeLostNote(directory: QueueDirectory, name: string): void {
  directory.inFolder(READERS_DIRECTORY, (folder) => rmSync(folder.at(lostFileName(name)), { force: true }))
}

/** The sequence at a position that retention deleted, where it was noted. */
export function readLostSequence(
  directory: QueueDirectory,
  name: string,
  position: { segmentId: number; offset: number },
): number | undefined {
  try {
    const note = directory.inFolder(READERS_DIRECTORY, (folder) =>
      readRegularFile(folder.at(lostFileName(name)), NOTE_LENGTH_MAX).toString(),
    )
    const lost = JSON.parse(note ?? '') as Partial<LostPosition>
    const isThis = lost.segmentId === position.segmentId && lost.offset === position.offset
    return isThis && Number.isSafeInteger(lost.sequence) ? lost.sequence : undefined
  } catch {
    return undefined
  }
}
