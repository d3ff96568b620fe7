export { LimitError, NoSpaceError, NotDurableError, QueueFullError } from './capacity-errors.js'
export { QUEUE_ERROR_CODES, type QueueErrorCode } from './codes.js'
export {
  BadBlockError,
  BadPositionError,
  BadSegmentError,
  CorruptRecordError,
  DataLostError,
  type RecordLocation,
  SegmentTruncatedError,
  SequenceGapError,
} from './data-errors.js'
export { FencedError, NotDeterministicError, type SourceFacts, SourceRewrittenError } from './derivation-errors.js'
export { type LockHolder, ReaderActiveError, WriterActiveError } from './holder-errors.js'
export { type AnyQueueError, isQueueError, type QueueErrorOf } from './is-queue-error.js'
export { NotAQueueError, NotFoundError, NotReadyError, UnsupportedVersionError } from './open-errors.js'
export { LinkError, LockLostError, QueueReplacedError } from './ownership-errors.js'
export { type ErrorCategory, type Fact, type Facts, QueueError } from './queue-error.js'
export { ServerRefusedError, ServerUnreachableError } from './server-errors.js'
export { fromSystemError, IoError, PermissionError, type SystemFacts } from './system-errors.js'
export { BusyError, ClosedError, InvalidArgumentError, TooLargeError } from './usage-errors.js'
