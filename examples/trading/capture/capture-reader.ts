import { once } from 'node:events'
import { createReadStream, type ReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ExpectedError } from '../process/expected-error.js'
import { type CaptureFrame, parseCaptureLine } from './capture-line.js'
import { LineSplitter } from './line-splitter.js'

const DEFAULT_MAX_FRAME_LENGTH = 8 * 1024 * 1024
/** What stands before the frame on its line: ten digits, a point, a fraction, a colon and a space. */
const MAX_PREFIX_LENGTH = 64

/** What a {@link CaptureReader} met so far. */
export interface CaptureCounts {
  frames: number
  /** Lines that are not meant to be frames: connection URLs, the client's own requests. */
  otherLines: number
  /** Lines that begin like a frame and are none. */
  malformedLines: number
  /** Lines longer than the largest frame that the reader accepts. */
  oversizeLines: number
  /** Bytes of the content, decompressed, up to the end of the last line that was looked at. */
  contentRead: number
  /** The file ends in the middle of its compressed data: its recorder was stopped. What could be read was delivered. */
  truncated: boolean
}

export interface CaptureReaderOptions {
  /** Bytes; longer frames are counted and left out. Default 8 MiB. */
  readonly maxFrameLength?: number
}

/** The file cannot be read as a capture. */
export class CaptureError extends ExpectedError {
  override readonly name = 'CaptureError'
  readonly path: string

  constructor(path: string, detail: string, options?: ErrorOptions) {
    super(`Cannot read the capture ${path}: ${detail}`, options)
    this.path = path
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
  readonly path: string
  readonly counts: CaptureCounts = {
    frames: 0,
    otherLines: 0,
    malformedLines: 0,
    oversizeLines: 0,
    contentRead: 0,
    truncated: false,
  }
  readonly #lines: LineSplitter

  constructor(path: string, { maxFrameLength = DEFAULT_MAX_FRAME_LENGTH }: CaptureReaderOptions = {}) {
    this.path = path
    this.#lines = new LineSplitter(maxFrameLength + MAX_PREFIX_LENGTH)
  }

  /**
   * The frames in the file's order. Call it once.
   *
   * @throws {@link CaptureError} when the file cannot be opened or read, or its compressed data is damaged.
   */
  async *frames(): AsyncGenerator<CaptureFrame, void, undefined> {
    for await (const chunk of this.#chunks()) {
      for (const line of this.#lines.push(chunk)) {
        const frame = this.#frameOf(line)
        if (frame !== undefined) yield frame
      }
      this.counts.oversizeLines = this.#lines.oversizeLines
    }
    const last = this.#lines.end()
    this.counts.oversizeLines = this.#lines.oversizeLines
    if (last === undefined) return
    // A line that the end of damaged data cut off is a part of a frame; one that merely lacks its line feed is a whole one.
    if (this.counts.truncated) this.counts.malformedLines++
    else {
      const frame = this.#frameOf(last)
      if (frame !== undefined) yield frame
    }
  }

  #frameOf(line: Uint8Array): CaptureFrame | undefined {
    this.counts.contentRead += line.length + 1
    const result = parseCaptureLine(line)
    if (result === 'other') this.counts.otherLines++
    else if (result === 'malformed') this.counts.malformedLines++
    else {
      this.counts.frames++
      return result
    }
    return undefined
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const file = createReadStream(this.path)
    let source: Readable = file
    try {
      if (await isGzipped(file)) {
        source = file.pipe(createGunzip())
        file.on('error', (error) => source.destroy(error))
      }
      for await (const chunk of source) yield chunk as Uint8Array
    } catch (error) {
      // zlib says Z_BUF_ERROR when the file ends early, which is what a recorder that was stopped leaves.
      if (errorCode(error) === 'Z_BUF_ERROR') this.counts.truncated = true
      else throw new CaptureError(this.path, describe(error), { cause: error })
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
