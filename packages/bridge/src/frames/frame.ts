import { crc32 } from 'node:zlib'

/** Version of the frames. */
const FRAME_FORMAT = 1

/** What a frame says about its body. Its header fields are the whole contract: docs/replication.md#frames. */
export interface FrameHead {
  /** `queueId` of the queue that is carried, 32 hexadecimal digits. A replica that was promoted goes on under it. */
  readonly queueId: string
  /** Goes up with each promotion, from 0. */
  readonly term: number
  /** Sequence of the first record. */
  readonly first: number
  /** Records in it; 0 in the marker with which a term begins, and in frames of companions. */
  readonly count: number
  /** CRC-32 of the body. */
  readonly crc: number
  /** Counts from 1. A record that is larger than a frame may be comes in several parts. */
  readonly part: number
  readonly parts: number
}

export interface Frame extends FrameHead {
  /**
   * Records as they stand in their segment, one after the other, or a part of one; optionally as one zstd frame. With a count of 0: empty in the marker of a term, otherwise companions as JSON: the schema
   * registry and the list of sources.
   */
  readonly body: Uint8Array
}

/** Names of the header fields, in the order in which they are written. */
const FRAME_FIELDS = [
  'Chron-Format',
  'Chron-Queue',
  'Chron-Term',
  'Chron-First',
  'Chron-Count',
  'Chron-Crc',
  'Chron-Part',
] as const

export type FrameFields = Readonly<Record<(typeof FRAME_FIELDS)[number], string>>

export function encodeHead(head: FrameHead): FrameFields {
  return {
    'Chron-Format': String(FRAME_FORMAT),
    'Chron-Queue': head.queueId,
    'Chron-Term': String(head.term),
    'Chron-First': String(head.first),
    'Chron-Count': String(head.count),
    'Chron-Crc': head.crc.toString(16).padStart(8, '0'),
    'Chron-Part': `${head.part}/${head.parts}`,
  }
}

/** Returns the head, or what is wrong with the fields in a few words. */
export function decodeHead(field: (name: string) => string | undefined): FrameHead | string {
  if (field('Chron-Format') !== String(FRAME_FORMAT)) return 'it has no Chron-Format of this version'
  const queueId = field('Chron-Queue') ?? ''
  const [part, parts] = (field('Chron-Part') ?? '').split('/').map(integer)
  const numbers = {
    term: integer(field('Chron-Term')),
    first: integer(field('Chron-First')),
    count: integer(field('Chron-Count')),
  }
  const crc = /^[0-9a-f]{8}$/.test(field('Chron-Crc') ?? '') ? Number.parseInt(field('Chron-Crc') ?? '', 16) : undefined
  if (!/^[0-9a-f]{32}$/.test(queueId)) return 'its Chron-Queue is not a queue id'
  const { term, first, count } = numbers
  if (term === undefined || first === undefined || count === undefined || crc === undefined)
    return 'its Chron-Term, Chron-First, Chron-Count or Chron-Crc is not a number'
  if (part === undefined || parts === undefined || part < 1 || part > parts) return 'its Chron-Part is not a part of a whole'
  return { queueId, term, first, count, crc, part, parts }
}

function integer(text: string | undefined): number | undefined {
  const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined
  return Number.isSafeInteger(value) ? value : undefined
}

/** Returns a frame of these records, or several with a part of the one record each, when it is larger than `maxBody`. */
export function framesOf(
  records: { readonly bytes: Uint8Array; readonly firstSequence: number; readonly count: number },
  { queueId, term, maxBody }: { readonly queueId: string; readonly term: number; readonly maxBody: number },
): Frame[] {
  const { bytes, firstSequence: first, count } = records
  const parts = Math.max(1, Math.ceil(bytes.length / maxBody))
  return Array.from({ length: parts }, (_, index) => {
    const body = bytes.subarray(index * maxBody, (index + 1) * maxBody)
    return { queueId, term, first, count, crc: crc32(body), part: index + 1, parts, body }
  })
}

/** Returns the frame with which a term begins: the records from `first` on are those of the new term. */
export function termMarker(head: { readonly queueId: string; readonly term: number; readonly first: number }): Frame {
  const body = new Uint8Array(0)
  return { ...head, count: 0, crc: crc32(body), part: 1, parts: 1, body }
}

/** Returns whether a frame is the marker with which a term begins. */
export function isMarker({ count, body }: Pick<Frame, 'count' | 'body'>): boolean {
  return count === 0 && body.length === 0
}

/** A frame at the end of a stream of which the last parts are missing. The first part has the header of the record, and so the checksum of its payload. */
export interface BegunFrame {
  readonly firstPart: Frame
  /** The last one that is there. */
  readonly last: Frame
}

/** Returns how many parts of these frames are there already: what an earlier attempt published, made alike. */
export function partsThere(frames: readonly Frame[], begun: BegunFrame | undefined): number {
  if (begun === undefined) return 0
  const { firstPart, last } = begun
  return isSame(frames[0], firstPart) && isSame(frames[last.part - 1], last) ? last.part : 0
}

/** The bytes are compared: records whose times differ have one checksum, because the header of each ends with a checksum of its own. */
function isSame(one: Frame | undefined, other: Frame): boolean {
  return (
    one !== undefined &&
    one.queueId === other.queueId &&
    one.term === other.term &&
    one.first === other.first &&
    one.count === other.count &&
    one.part === other.part &&
    one.parts === other.parts &&
    Buffer.compare(one.body, other.body) === 0
  )
}

export function isSound(frame: Frame): boolean {
  return crc32(frame.body) === frame.crc
}
