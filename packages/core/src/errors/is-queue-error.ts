import type { LimitError, NoSpaceError, NotDurableError, QueueFullError } from './capacity-errors.js'
import type { QueueErrorCode } from './codes.js'
import type {
  BadBlockError,
  BadPositionError,
  BadSegmentError,
  CorruptRecordError,
  DataLostError,
  SegmentTruncatedError,
  SequenceGapError,
} from './data-errors.js'
import type { FencedError, NotDeterministicError, SourceRewrittenError } from './derivation-errors.js'
import type { ReaderActiveError, WriterActiveError } from './holder-errors.js'
import type { NotAQueueError, NotFoundError, NotReadyError, UnsupportedVersionError } from './open-errors.js'
import type { LinkError, LockLostError, QueueReplacedError } from './ownership-errors.js'
import { hasQueueErrorBrand, type QueueError } from './queue-error.js'
import type { ServerRefusedError, ServerUnreachableError } from './server-errors.js'
import type { IoError, PermissionError } from './system-errors.js'
import type { BusyError, ClosedError, InvalidArgumentError, TooLargeError } from './usage-errors.js'

/** Every class of error with a code of {@link QueueErrorCode}. */
export type AnyQueueError =
  | BadBlockError
  | BadPositionError
  | BadSegmentError
  | BusyError
  | ClosedError
  | CorruptRecordError
  | DataLostError
  | FencedError
  | InvalidArgumentError
  | IoError
  | LimitError
  | LinkError
  | LockLostError
  | NoSpaceError
  | NotAQueueError
  | NotDeterministicError
  | NotDurableError
  | NotFoundError
  | NotReadyError
  | PermissionError
  | QueueFullError
  | QueueReplacedError
  | ReaderActiveError
  | SegmentTruncatedError
  | SequenceGapError
  | ServerRefusedError
  | ServerUnreachableError
  | SourceRewrittenError
  | TooLargeError
  | UnsupportedVersionError
  | WriterActiveError

/** The class of the error with this code. */
export type QueueErrorOf<Code extends QueueErrorCode> = [Extract<AnyQueueError, { code: Code }>] extends [never]
  ? QueueError & { readonly code: Code }
  : Extract<AnyQueueError, { code: Code }>

/**
 * Whether this is an error of a queue, and, when a code is given, that one: the facts of its class can then be read. Works across copies of this library, where `instanceof` does not.
 */
export function isQueueError(error: unknown): error is QueueError
export function isQueueError<Code extends QueueErrorCode>(error: unknown, code: Code): error is QueueErrorOf<Code>
export function isQueueError(error: unknown, code?: QueueErrorCode): boolean {
  return hasQueueErrorBrand(error) && (code === undefined || error.code === code)
}
