import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRegularFile } from '../files/regular-file.js'
import { READERS_DIRECTORY } from '../format/index.js'
import { sequenceAt } from '../segment/record-scan.js'
import { openSegment } from '../segment/segment-files.js'
import type { SurveyedReader } from './reader-survey.js'

/** Which sequence stood at a position whose segment is deleted: what a reader that was let go needs to know how much it lost. */
interface LostPosition {
  readonly segmentId: number
  readonly offset: number
  readonly sequence: number
}

/** Three numbers as JSON are shorter. */
const NOTE_LENGTH_MAX = 256

function lostPath(directory: string, name: string): string {
  return join(directory, READERS_DIRECTORY, `${name}.lost`)
}

/** Writes it beside the reader's file, before the segment goes. A full disk only costs the exact count. */
export function noteLostPosition(directory: string, reader: SurveyedReader, segmentSize: number): void {
  try {
    const segment = openSegment(directory, reader.segmentId, segmentSize, false)
    if (segment === undefined) return
    const sequence = sequenceAt(segment, reader.offset)
    segment.close()
    if (sequence === undefined) return
    const { segmentId, offset } = reader
    const temporary = `${lostPath(directory, reader.name)}.tmp`
    writeFileSync(temporary, `${JSON.stringify({ segmentId, offset, sequence } satisfies LostPosition)}\n`)
    renameSync(temporary, lostPath(directory, reader.name))
  } catch {
    // The reader will be told that messages are lost, but not how many.
  }
}

/** The sequence at a position that retention deleted, where it was noted. */
export function readLostSequence(
  directory: string,
  name: string,
  position: { segmentId: number; offset: number },
): number | undefined {
  try {
    const lost = JSON.parse(readRegularFile(lostPath(directory, name), NOTE_LENGTH_MAX).toString()) as Partial<LostPosition>
    const isThis = lost.segmentId === position.segmentId && lost.offset === position.offset
    return isThis && Number.isSafeInteger(lost.sequence) ? lost.sequence : undefined
  } catch {
    return undefined
  }
}
