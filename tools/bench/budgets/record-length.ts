export const RECORD_HEADER_LENGTH = 64

/** Bytes that a message occupies in a segment, for arranging what a probe needs; see docs/format.md. */
export function recordLength(payloadLength: number): number {
  return (RECORD_HEADER_LENGTH + payloadLength + 63) & ~63
}
