/** `<unix seconds>[.<fraction>]: `. More digits of seconds would leave the 64 bits that a record has for its timestamp. */
const PREFIX = /^(\d{1,10})(?:\.(\d+))?: ?/
/** Bytes of the longest prefix that is looked for. */
export const MAX_PREFIX_LENGTH = 64
const CARRIAGE_RETURN = 0x0d
const FRACTION_DIGITS = 9
const NS_PER_S = 1_000_000_000n

/** One frame of a capture: the bytes as the exchange sent them, and when the recorder received them. */
export interface CaptureFrame {
  /** Nanoseconds since the Unix epoch, exactly as recorded: a double has no room for them. Digits below a nanosecond are dropped. */
  readonly timestampNs: bigint
  /** A view that stays valid until the next frame is asked for. */
  readonly payload: Buffer
}

/**
 * Reads one line of a capture, without its line feed: `<unix seconds with fraction>: <frame>`.
 *
 * @returns the frame; `'other'` for a line that does not begin with a digit (connection URLs, the client's own requests, blank lines), which
 * captures carry by design; `'malformed'` for any other line that is not a frame.
 */
export function parseCaptureLine(line: Buffer): CaptureFrame | 'other' | 'malformed' {
  const head = line.toString('latin1', 0, MAX_PREFIX_LENGTH)
  const [prefix = '', seconds = '', fraction = ''] = PREFIX.exec(head) ?? []
  const payload = line.subarray(prefix.length, line.at(-1) === CARRIAGE_RETURN ? -1 : undefined)
  if (prefix === '' || payload.length === 0) return /^\d/.test(head) ? 'malformed' : 'other'
  const nanoseconds = fraction.slice(0, FRACTION_DIGITS).padEnd(FRACTION_DIGITS, '0')
  return { timestampNs: BigInt(seconds) * NS_PER_S + BigInt(nanoseconds), payload }
}
