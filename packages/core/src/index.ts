export { realtimeNs } from './clock.js'
export {
  type ColdItem,
  type ColdPadding,
  type ColdPosition,
  type ColdProblem,
  ColdReader,
  type ColdReaderOptions,
  type ColdRecord,
  type ColdStart,
  type FindQueuesOptions,
  type FoundQueues,
  findQueues,
  type HeadInspection,
  type InspectOptions,
  inspectLock,
  inspectQueue,
  isQueueListing,
  type LockInspection,
  listQueue,
  openColdReader,
  PROBLEMS,
  type ProblemCode,
  type ProblemSeverity,
  type QueueInspection,
  type QueueListing,
  type QueueProblem,
  QueueVerification,
  type ReaderInspection,
  type ReaderLag,
  type RecentRate,
  type RecordPlace,
  type SegmentInspection,
  type SegmentsSummary,
  type VerifyOptions,
  type VerifyProgress,
  verifyQueue,
  type WriterInspection,
} from './cold/index.js'
export {
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
  fromSystemError,
  InvalidArgumentError,
  IoError,
  isQueueError,
  LimitError,
  LinkError,
  type LockHolder,
  LockLostError,
  NoSpaceError,
  NotAQueueError,
  NotDurableError,
  NotFoundError,
  NotReadyError,
  PermissionError,
  QUEUE_ERROR_CODES,
  QueueError,
  type QueueErrorCode,
  QueueFullError,
  QueueReplacedError,
  ReaderActiveError,
  type RecordLocation,
  SegmentTruncatedError,
  SequenceGapError,
  type SystemFacts,
  TooLargeError,
  UnsupportedVersionError,
  WriterActiveError,
} from './errors/index.js'
export type { DirectoryPath } from './files/absolute-path.js'
export { processStartTime } from './files/machine.js'
export { makeDirectory } from './files/make-directory.js'
export type { WriterStatus } from './files/writer-status.js'
export {
  CONTROL_FILE,
  CONTROL_LENGTH,
  CONTROL_MAGIC,
  type ControlBlock,
  decodeControl,
  encodeControl,
  INIT_STATE_READY,
  isReaderName,
  LEASE_FILE,
  LEASE_TEMPORARY_FILE,
  LOCK_FILE,
  READERS_DIRECTORY,
  READY_FILE,
  READY_TEMPORARY_FILE,
  readerFileName,
  type SourcePosition,
  segmentFileName,
  type TraceContext,
  viewOf,
} from './format/index.js'
export type { Block } from './reader/block.js'
export type { CaughtUp, FollowedMessage, FollowItem, FollowOptions } from './reader/follow.js'
export { Message, type MessageFields } from './reader/message.js'
export { MessageCopy, type MessageJson } from './reader/message-copy.js'
export { MessageSource } from './reader/message-source.js'
export type { Synchronous } from './reader/poll-handler.js'
export type { Position } from './reader/position-file.js'
export { listReaders, type RegisteredReader } from './reader/position-survey.js'
export { openObserver, openObserverAsync, QueueObserver } from './reader/queue-observer.js'
export { type CommittedMessage, openReader, openReaderAsync, QueueReader, type ReaderOpening } from './reader/queue-reader.js'
export type { ObserverOptions, Place, ReaderOptions, SourceOptions, Start } from './reader/reader-options.js'
export { removeReader } from './reader/remove-reader.js'
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
export { RECOVERY_CASES, type RecoveryAction, type RecoveryCase } from './recovery/recovery-case.js'
export {
  describeRepairStep,
  isRepairable,
  type PlanOptions,
  planPrune,
  planRepairs,
  pruneQueue,
  type RepairOutcome,
  type RepairReport,
  type RepairStep,
  type RepairStepKind,
  repairQueue,
} from './repair/index.js'
export type { ReleasedReader, RetentionVerdict } from './retention/retention-plan.js'
export { type AsyncWaitForAnyOptions, type WaitForAnyOptions, waitForAny, waitForAnyAsync } from './wait/wait-for-any.js'
export { WAIT_STRATEGIES, type WaitOutcome, type WaitStrategyName } from './wait/wait-strategy.js'
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
export type { FlushPolicy, RetentionOptions, WriterOptions, WriterPreset } from './writer/writer-options.js'
export { READER_TTL_PRESETS_MS } from './writer/writer-options.js'
