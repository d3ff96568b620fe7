export { ColdFile } from './cold-file.js'
export type { ColdItem, ColdPadding, ColdPosition, ColdProblem, ColdRecord } from './cold-item.js'
export { ColdReader } from './cold-reader.js'
export { type FindQueuesOptions, type FoundQueues, findQueues } from './find-queues.js'
export { inspectLock, type LockInspection } from './inspect-lock.js'
export { type InspectOptions, inspectQueue } from './inspect-queue.js'
export type { SegmentInspection } from './inspect-segments.js'
export type { ReaderLag } from './measure-lag.js'
export { type ColdReaderOptions, type ColdStart, openColdReader } from './open-cold-reader.js'
export type {
  HeadInspection,
  QueueInspection,
  ReaderInspection,
  RecordPlace,
  SegmentsSummary,
  WriterInspection,
} from './queue-inspection.js'
export { isQueueListing, listQueue, type QueueListing } from './queue-listing.js'
export { PROBLEMS, type ProblemCode, type ProblemSeverity, type QueueProblem } from './queue-problem.js'
export { QueueVerification, type VerifyOptions, type VerifyProgress, verifyQueue } from './queue-verification.js'
export type { RecentRate } from './recent-rate.js'
