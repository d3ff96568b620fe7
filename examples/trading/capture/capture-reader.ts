import { once } from 'node:events'
import { createReadStream, type ReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ExpectedError } from '../process/expected-error.js'
import { type CaptureFrame, MAX_PREFIX_LENGTH, parseCaptureLine } from './capture-line.js'
import { splitLines } from './split-lines.js'

const DEFAULT_MAX_FRAME_LENGTH = 8 * 1024 * 1024

/** What a {@link CaptureReader} met so far. */
export interface CaptureCounts {
  frames: number
  /** Lines that are not meant to be frames: connection URLs, the client's own requests. */
  otherLines: number
  /** Lines that begin like a frame and are not one. */
  malformedLines: number
  /** Lines longer than the largest frame that the reader accepts. */
  oversizeLines: number
  /** Bytes of the content, decompressed, up to the end of the last line that was looked at. */
  contentRead: number
  /** The file ends in the middle of its compressed data: its recorder was stopped. What could be read was delivered. */
  truncated: boolean
}

/** The file cannot be read as a capture. */
export class CaptureError extends ExpectedError {
  override readonly name = 'CaptureError'

  constructor(path: string, detail: string, options?: ErrorOptions) {
    super(`Cannot read the capture ${path}: ${detail}`, options)
  }
}

/**
 * Reads a recorded WebSocket capture, gzipped or plain (by the first two bytes, not by the name), in memory that does not depend on the
 * file's size.
 *
 * ```ts
 * const capture = new CaptureReader('coinbase.ws.txt.gz')
 * for await (const frame of capture.frames()) console.log(frame.timestampNs, frame.payload.length)
 * ```
 */
export class CaptureReader {
  readonly counts: CaptureCounts = {
    frames: 0,
    otherLines: 0,
    malformedLines: 0,
    oversizeLines: 0,
    contentRead: 0,
    truncated: false,
  }
  readonly #path: string
  readonly #maxLineLength: number

  /** @param options `maxFrameLength`: bytes; longer frames are counted and left out. Default 8 MiB. */
  constructor(path: string, { maxFrameLength = DEFAULT_MAX_FRAME_LENGTH } = {}) {
    this.#path = path
    this.#maxLineLength = maxFrameLength + MAX_PREFIX_LENGTH
  }

  /**
   * The frames in the file's order. Call it once.
   *
   * @throws {@link CaptureError} when the file cannot be opened or read, or its compressed data is damaged.
   */
  async *frames(): AsyncGenerator<CaptureFrame, void, undefined> {
    const { counts } = this
    for await (const line of splitLines(this.#chunks(), this.#maxLineLength)) {
      counts.contentRead += line === undefined ? 0 : line.length + 1
      // What follows the last line feed of data that was cut off is a part of a frame.
      const frame = line && (counts.truncated ? 'malformed' : parseCaptureLine(line))
      if (frame === undefined) counts.oversizeLines++
      else if (frame === 'other') counts.otherLines++
      else if (frame === 'malformed') counts.malformedLines++
      else {
        counts.frames++
        yield frame
      }
    }
  }

  async *#chunks(): AsyncGenerator<Buffer, void, undefined> {
    const file = createReadStream(this.#path)
    let source: Readable = file
    try {
      if (await isGzipped(file)) {
        source = file.pipe(createGunzip())
        file.on('error', (error) => source.destroy(error))
      }
      yield* source
    } catch (error) {
      // zlib says Z_BUF_ERROR when the file ends early, which is what a recorder that was stopped leaves.
      if (errorCode(error) === 'Z_BUF_ERROR') this.counts.truncated = true
      else throw new CaptureError(this.#path, describe(error), { cause: error })
    } finally {
      source.destroy()
      file.destroy()
    }
  }
}

/** Looks at the first two bytes and puts them back, which also works where nothing can be read twice, as on a pipe. */
async function isGzipped(file: ReadStream): Promise<boolean> {
  await once(file, 'readable')
  const head: Buffer | null = file.read(2)
  if (head === null) return false
  file.unshift(head)
  return head[0] === 0x1f && head[1] === 0x8b
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}

function describe(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return 'no such file'
    case 'EACCES':
      return 'permission denied'
    case 'EISDIR':
      return 'it is a directory'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}
