import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expectedMessage } from './expected-message.js'
import { generationOf, type Origin, type Promises } from './promises.js'

const RECORD_HEADER_LENGTH = 64
/** Shorter payloads may stand somewhere by chance. */
const PAYLOAD_MIN = 24
const NEXT_SEQUENCE_OFFSET = 272

/** Committed messages after the durable mark that a crash state holds, by sequence. Recovery may cut them off, and then keeps them in quarantine. */
export function findUnsynced(queue: string, promises: Promises): number[] {
  const control = join(queue, 'control.meta')
  if (!existsSync(control)) return []
  const bytes = readFileSync(control)
  const next = bytes.length < NEXT_SEQUENCE_OFFSET + 8 ? 0 : Number(bytes.readBigUInt64LE(NEXT_SEQUENCE_OFFSET))
  const segments = filesBelow(queue).filter((path) => path.endsWith('.q'))
  const contents = segments.map((path) => readFileSync(path))
  const found: number[] = []
  for (let sequence = promises.durable; sequence < next; sequence++)
    if (contents.some((content) => hasRecord(content, payloadOf(promises, sequence)))) found.push(sequence)
  return found
}

/** Those of the messages that were there before and are in no file any more. */
export function missingFrom(queue: string, origin: Origin): number[] {
  if (origin.unsynced.length === 0) return []
  const contents = filesBelow(queue).map((path) => readFileSync(path))
  const before = { ...origin, bases: origin.bases.slice(0, -1) }
  return origin.unsynced.filter((sequence) => !contents.some((content) => content.includes(payloadOf(before, sequence))))
}

function payloadOf(origin: Origin, sequence: number): Buffer {
  const { seed, segmentSize } = origin
  return expectedMessage({ seed, generation: generationOf(origin, sequence), segmentSize }, sequence).payload
}

function hasRecord(content: Buffer, payload: Buffer): boolean {
  if (payload.length < PAYLOAD_MIN) return false
  const at = content.indexOf(payload)
  return at >= RECORD_HEADER_LENGTH && content.readUInt32LE(at - RECORD_HEADER_LENGTH) === payload.length + 1
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
