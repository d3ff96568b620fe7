/** Every code that a queue's errors carry. A code never changes its meaning. */
export const QUEUE_ERROR_CODES = [
  'ERR_BAD_POSITION',
  'ERR_BAD_SEGMENT',
  'ERR_CLOSED',
  'ERR_CORRUPT_RECORD',
  'ERR_DATA_LOST',
  'ERR_INVALID_ARGUMENT',
  'ERR_IO',
  'ERR_LIMIT',
  'ERR_NOT_A_QUEUE',
  'ERR_NOT_FOUND',
  'ERR_NOT_READY',
  'ERR_NO_SPACE',
  'ERR_PERMISSION',
  'ERR_QUEUE_FULL',
  'ERR_READER_ACTIVE',
  'ERR_SEGMENT_TRUNCATED',
  'ERR_SEQUENCE_GAP',
  'ERR_TOO_LARGE',
  'ERR_UNSUPPORTED_VERSION',
  'ERR_WRITER_ACTIVE',
] as const

export type QueueErrorCode = (typeof QUEUE_ERROR_CODES)[number]
