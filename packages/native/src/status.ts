/** What a hot function answers: `undefined` for success, because nothing needs to be made for it, or one of the numbers below. */
export type Status = number | undefined
export const STATUS_OK = undefined
/** append, claim: the record does not fit into what is left of the segment; nothing was written. Roll and call again. */
export const STATUS_ROLL = 1
/** append: the payload is not a `Uint8Array`, or detached, or shrank; claim: the length is not an integer from 0 on. Nothing was written. */
export const STATUS_BAD_PAYLOAD = 2
/** append: `typeId` is not an integer of 0..0xFFFE; nothing was written. */
export const STATUS_BAD_TYPE = 3
/** append: the record would not fit into an empty segment; nothing was written. */
export const STATUS_TOO_LARGE = 4
/** The mapped file shrank. */
export const STATUS_FAULT = 5
/** A claim is open (append), or none is (publish, abort). */
export const STATUS_CLAIM = 6
/** The appender or verifier is detached from any segment. */
export const STATUS_DETACHED = 7
/** append, claim: the record would end beyond the limit that `setLimit` set; nothing was written. `state[APPENDER_AHEAD_END]` is where it would end. */
export const STATUS_AHEAD = 18
/** roll: the preparation is not done, or failed, or its mapping was taken; nothing changed. */
export const STATUS_UNPREPARED = 8
/** No sequence is left that a number can hold. Only damage comes near it. */
export const STATUS_ENDED = 9
/** verify: the next record is not committed yet. */
export const STATUS_UNCOMMITTED = 10
/** verify: stopped at the limit, more may follow. */
export const STATUS_LIMIT = 11
/** verify: no record can begin at this offset any more (offset > length - 64). */
export const STATUS_SEGMENT_END = 12
/** verify: a padding record stands here; it ends the segment. */
export const STATUS_PADDING = 13
/** verify: the record's length leaves the segment. */
export const STATUS_BAD_LENGTH = 14
export const STATUS_BAD_PAYLOAD_CRC = 15
export const STATUS_BAD_HEADER_CRC = 16
/** verify: the sequence is not the expected one. */
export const STATUS_SEQUENCE_GAP = 17
