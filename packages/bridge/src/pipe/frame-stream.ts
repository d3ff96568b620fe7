import { crc32 } from 'node:zlib'
import { InvalidArgumentError } from '@chronicle-ts/core'
import { checkMembers } from '@chronicle-ts/core/internal'
import { decodeHead, encodeHead, type Frame, isSound } from '../frames/frame.js'

/** Begins each frame in a stream of bytes: `CHRON/1 <bytes of fields> <bytes of body> <CRC-32 of the fields>` and a line feed. */
const MAGIC = 'CHRON/1'
const START = /^CHRON\/1 (\d{1,6}) (\d{1,10}) ([0-9a-f]{8})$/
/** Ends a transfer: bytes that end between two frames are not whole without it. */
const END = `${MAGIC} end`
const START_LENGTH_MAX = 64
const FIELDS_LENGTH_MAX = 16 * 1024
/** A body is at most a record, which a segment holds. */
const BODY_LENGTH_MAX = 2 ** 32

/** Returns a frame as bytes of a stream: a line with the lengths, a line per field, and the body. */
export function encodeFrame(frame: Frame): [head: Buffer, body: Uint8Array] {
  checkFrame(frame)
  const fields = Buffer.from(
    Object.entries(encodeHead(frame))
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  )
  const start = `${MAGIC} ${fields.length} ${frame.body.length} ${crc32(fields).toString(16).padStart(8, '0')}\n`
  return [Buffer.concat([Buffer.from(start), fields]), frame.body]
}

/** Returns the bytes that end a transfer in order. Another transfer may follow them. */
export function encodeEnd(): Buffer {
  return Buffer.from(`${END}\n`)
}

/** Something in a stream that is not a frame, and how many bytes of whole frames came before it. */
export interface BrokenStream {
  readonly kind: 'broken'
  /** `cut`: it ended inside of a frame or without the end of the transfer, as a pipe that breaks does. `damaged`: these bytes are not those of a frame. */
  readonly reason: 'cut' | 'damaged'
  readonly detail: string
  readonly offset: number
}

/** Reads frames from chunks of any length. Yields what is broken as the last item, and returns at the end of the stream. */
export async function* readFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame | BrokenStream, void, void> {
  checkChunks(chunks)
  const pending = new PendingBytes()
  let offset = 0
  let isEnded = false
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array))
      throw new InvalidArgumentError({ argument: 'chunks', value: chunk, expected: 'bytes: a stream without an encoding' })
    pending.add(chunk)
    for (;;) {
      const parsed = parseFrame(pending)
      if (parsed === undefined) break
      if (typeof parsed === 'string') {
        yield { kind: 'broken', reason: 'damaged', detail: parsed, offset }
        return
      }
      offset += parsed.length
      isEnded = parsed.frame === undefined
      if (parsed.frame !== undefined) yield parsed.frame
    }
  }
  if (pending.length > 0)
    yield { kind: 'broken', reason: 'cut', detail: `${pending.length} bytes of a frame, then nothing more`, offset }
  else if (!isEnded) yield { kind: 'broken', reason: 'cut', detail: 'the end of the transfer is missing', offset }
}

/** Chunks that were not taken yet: joined when a frame needs it, so that bodies of many chunks are copied once. */
class PendingBytes {
  #chunks: Uint8Array[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** The first bytes, at most `length`, which stay. */
  peek(length: number): Buffer {
    const first = this.#chunks[0]
    if (first === undefined) return Buffer.alloc(0)
    if (first.length < length && this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    const whole = this.#chunks[0] as Uint8Array
    return Buffer.from(whole.buffer, whole.byteOffset, Math.min(length, whole.length))
  }

  /** Takes bytes that {@link peek} has shown. */
  drop(length: number): void {
    const first = this.#chunks[0] as Uint8Array
    this.#length -= length
    if (first.length === length) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(length)
  }
}

/** A frame, or without one the end of a transfer. */
interface Parsed {
  readonly frame: Frame | undefined
  readonly length: number
}

/** The first frame of the pending bytes, `undefined` while they end inside of it, or what is wrong with them. */
function parseFrame(pending: PendingBytes): Parsed | string | undefined {
  const text = pending.peek(START_LENGTH_MAX).toString('latin1')
  const end = text.indexOf('\n')
  if (end < 0) return couldStart(text) ? undefined : 'a frame does not begin here'
  if (end === END.length && text.startsWith(END)) {
    pending.drop(end + 1)
    return { frame: undefined, length: end + 1 }
  }
  const [, fieldsLength, bodyLength, fieldsCrc] = START.exec(text.slice(0, end)) ?? []
  if (fieldsLength === undefined || Number(fieldsLength) > FIELDS_LENGTH_MAX || Number(bodyLength) > BODY_LENGTH_MAX)
    return 'a frame does not begin here'
  const bodyAt = end + 1 + Number(fieldsLength)
  const length = bodyAt + Number(bodyLength)
  if (pending.length < length) return undefined
  const bytes = pending.peek(length)
  const fields = bytes.subarray(end + 1, bodyAt)
  if (crc32(fields) !== Number.parseInt(fieldsCrc ?? '', 16)) return 'the fields of a frame do not match their checksum'
  const frame = frameOf(fields.toString('latin1'), bytes.subarray(bodyAt))
  if (typeof frame === 'string') return frame
  pending.drop(length)
  return { frame, length }
}

function couldStart(text: string): boolean {
  return text.length < START_LENGTH_MAX && (text.startsWith(MAGIC) || MAGIC.startsWith(text))
}

function frameOf(fields: string, body: Uint8Array): Frame | string {
  const values = new Map(fields.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
  const head = decodeHead((name) => values.get(name))
  if (typeof head === 'string') return head
  const frame = { ...head, body }
  return isSound(frame) ? frame : 'the body of a frame does not match its checksum'
}

/** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` for what cannot be iterated. */
function checkChunks(chunks: unknown): void {
  const isIterable =
    typeof chunks === 'object' && chunks !== null && (Symbol.asyncIterator in chunks || Symbol.iterator in chunks)
  if (!isIterable) throw new InvalidArgumentError({ argument: 'chunks', value: chunks, expected: 'a stream of bytes' })
}

/** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
function checkFrame(frame: Frame): void {
  checkMembers('frame', frame, ['queueId', 'term', 'first', 'count', 'crc', 'part', 'parts', 'body'], 'a frame')
  if (!(frame.body instanceof Uint8Array))
    throw new InvalidArgumentError({ argument: 'frame.body', value: frame.body, expected: 'bytes' })
}
