const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const FRACTION_DIGITS = 9
/** Seconds since 1970 with this many digits still fit the record header's unsigned 64 bits of nanoseconds. */
const MAX_SECOND_DIGITS = 10
const NS_PER_S = 1_000_000_000n

/** A receive time as a capture line begins with it, and where the text after it starts. */
export interface ReceiveTime {
  /** Nanoseconds since the Unix epoch. */
  readonly timestampNs: bigint
  /** Index of the first byte after the number. */
  readonly end: number
}

/**
 * Reads `<seconds>[.<fraction>]` at the start of `line`, digit by digit: a double has no room for nanoseconds since 1970, so going through one
 * would move the recorded instant. Digits beyond the ninth are below a nanosecond and are dropped.
 *
 * @returns `undefined` when the line does not start with such a number, or the number is out of range.
 */
export function parseReceiveTime(line: Uint8Array): ReceiveTime | undefined {
  const secondsEnd = digitsEnd(line, 0)
  if (secondsEnd === 0 || secondsEnd > MAX_SECOND_DIGITS) return undefined
  const seconds = digitsValue(line, 0, secondsEnd)
  if (line[secondsEnd] !== DOT) return { timestampNs: BigInt(seconds) * NS_PER_S, end: secondsEnd }

  const fractionStart = secondsEnd + 1
  const end = digitsEnd(line, fractionStart)
  if (end === fractionStart) return undefined
  const used = Math.min(end - fractionStart, FRACTION_DIGITS)
  const fraction = digitsValue(line, fractionStart, fractionStart + used) * 10 ** (FRACTION_DIGITS - used)
  return { timestampNs: BigInt(seconds) * NS_PER_S + BigInt(fraction), end }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function digitsEnd(line: Uint8Array, start: number): number {
  let end = start
  while (isDigit(line[end])) end++
  return end
}

function digitsValue(line: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let index = start; index < end; index++) value = value * 10 + ((line[index] ?? ZERO) - ZERO)
  return value
}
