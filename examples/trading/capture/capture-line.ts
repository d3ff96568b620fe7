import { parseReceiveTime } from './receive-time.js'

const COLON = 0x3a
const SPACE = 0x20
const CARRIAGE_RETURN = 0x0d
const ZERO = 0x30
const NINE = 0x39

/** One frame of a capture: the bytes as the exchange sent them, and when the recorder received them. */
export interface CaptureFrame {
  /** Nanoseconds since the Unix epoch, exactly as recorded. */
  readonly timestampNs: bigint
  /** A view that stays valid until the next frame is asked for. */
  readonly payload: Uint8Array
}

/**
 * Reads one line of a capture, without its line feed: `<unix seconds with fraction>: <frame>`.
 *
 * @returns the frame; `'other'` for a line that does not begin with a digit (connection URLs, the client's own requests, blank lines), which
 * captures carry by design; `'malformed'` for one that begins like a frame and is not one.
 */
export function parseCaptureLine(line: Uint8Array): CaptureFrame | 'other' | 'malformed' {
  const first = line[0] ?? 0
  if (first < ZERO || first > NINE) return 'other'
  const time = parseReceiveTime(line)
  if (time === undefined || line[time.end] !== COLON) return 'malformed'
  const start = line[time.end + 1] === SPACE ? time.end + 2 : time.end + 1
  const end = line[line.length - 1] === CARRIAGE_RETURN ? line.length - 1 : line.length
  if (start >= end) return 'malformed'
  return { timestampNs: time.timestampNs, payload: line.subarray(start, end) }
}
