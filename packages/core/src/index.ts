export { realtimeNs } from './clock.js'
export type { WriterStatus } from './control/writer-status.js'
export { QUEUE_CHANNELS, type QueueChannel, type QueueEvents } from './diagnostics.js'
export {
  type AnyQueueError,
  BadBlockError,
  BadPositionError,
  BadSegmentError,
  BusyError,
  ClosedError,
  CorruptRecordError,
  DataLostError,
  type ErrorCategory,
  type Fact,
  type Facts,
  FencedError,
  InvalidArgumentError,
  IoError,
  isQueueError,
  LimitError,
  LinkError,
  type LockHolder,
  LockLostError,
  NoSpaceError,
  NotAQueueError,
  NotDeterministicError,
  NotDurableError,
  NotFoundError,
  NotReadyError,
  PermissionError,
  QUEUE_ERROR_CODES,
  QueueError,
  type QueueErrorCode,
  type QueueErrorOf,
  QueueFullError,
  QueueReplacedError,
  ReaderActiveError,
  type RecordLocation,
  SegmentTruncatedError,
  SequenceGapError,
  ServerRefusedError,
  ServerUnreachableError,
  type SourceFacts,
  SourceRewrittenError,
  type SystemFacts,
  TooLargeError,
  UnsupportedVersionError,
  WriterActiveError,
} from './errors/index.js'
export type { DirectoryPath } from './files/absolute-path.js'
export type { SavedPosition, SourcePosition, TimeHalf, TraceContext } from './format/index.js'
export type { Position } from './positions/position-file.js'
export { listReaders, type RegisteredReader } from './positions/position-survey.js'
export type { SurveyedReader } from './positions/reader-survey.js'
export { removeReader } from './positions/remove-reader.js'
export type { Block } from './reader/block.js'
export type { CursorCounts } from './reader/cursor-counts.js'
export type { CaughtUp, FollowedMessage, FollowItem, FollowOptions } from './reader/follow.js'
export { Message } from './reader/message.js'
export { MessageCopy, type MessageJson } from './reader/message-copy.js'
export type { MessageFields } from './reader/message-fields.js'
export { MessageSource } from './reader/message-source.js'
export type { Moment } from './reader/moment.js'
export type { Synchronous } from './reader/poll-handler.js'
export { openObserver, openObserverAsync, QueueObserver } from './reader/queue-observer.js'
export {
  type CommittedMessage,
  type CommittingIteratorOptions,
  openReader,
  openReaderAsync,
  QueueReader,
  type ReaderOpening,
} from './reader/queue-reader.js'
export type { ObserverOptions, Place, ReaderOptions, SourceOptions, Start } from './reader/reader-options.js'
export type { RunOptions } from './reader/run-handler.js'
export type {
  AsyncWaitOptions,
  BatchOptions,
  IteratorOptions,
  Lag,
  SourceMetrics,
  WaitOptions,
} from './reader/source-types.js'
export { type StreamOptions, toReadable, toReadableStream } from './reader/streams.js'
export type { AsyncOpenOptions } from './reader/when-queue-is-there.js'
export type { RecoveryAction, RecoveryCase } from './recovery/recovery-case.js'
export type { RetentionOptions } from './retention/retention-options.js'
export { READER_TTL_PRESETS_MS } from './retention/retention-options.js'
export type { ReleasedReader, RetentionVerdict } from './retention/retention-plan.js'
export type { Parkable } from './wait/parkable.js'
export { WAIT_STRATEGIES, type WaitStrategyName } from './wait/strategies/wait-strategies.js'
export { type AsyncWaitForAnyOptions, type WaitForAnyOptions, waitForAny, waitForAnyAsync } from './wait/wait-for-any.js'
export type { WaitOutcome } from './wait/wait-strategy.js'
export type {
  AppendOptions,
  AsyncAppendOptions,
  BatchMessage,
  ClaimOptions,
  CommitOptions,
  MessageDetails,
  TraceOption,
  TryAppendResult,
} from './writer/append-options.js'
export { Claim } from './writer/claim.js'
export { openWriter } from './writer/open-writer.js'
export { QueueWriter } from './writer/queue-writer.js'
export type { WriterMetrics } from './writer/writer-metrics.js'
export type { WriterNote } from './writer/writer-notes.js'
export type { FlushPolicy, WriterOptions, WriterPreset } from './writer/writer-options.js'
