export type { ControlBlock, DurableMark, LockRecord } from '@chronicle-ts/core/internal'
export { BACKUP_FILE, type BackupManifest, readBackupManifest } from './backup/backup-manifest.js'
export { backupQueue, type RestoreReport, restoreQueue } from './backup/backup-queue.js'
export { type BackupOptions, type BackupProgress, type BackupReport, QueueBackup } from './backup/queue-backup.js'
export { recoverOnce } from './backup/recover-once.js'
export {
  ACKNOWLEDGED_FILE,
  type AcknowledgedProblem,
  acknowledgeProblems,
  markAcknowledged,
  readAcknowledged,
} from './cold/acknowledged.js'
export type { ColdItem, ColdPadding, ColdPosition, ColdProblem, ColdRecord } from './cold/cold-item.js'
export { ColdReader } from './cold/cold-reader.js'
export { FileMemory } from './cold/file-memory.js'
export { type FindQueuesOptions, type FoundQueues, findQueues } from './cold/find-queues.js'
export { inspectLock, type LockInspection } from './cold/inspect-lock.js'
export { type InspectOptions, inspectQueue } from './cold/inspect-queue.js'
export type { ReaderFileInspection } from './cold/inspect-readers.js'
export type { SegmentInspection } from './cold/inspect-segments.js'
export { type LockTable, readLockTable } from './cold/lock-table.js'
export type { ReaderLag } from './cold/measure-lag.js'
export { type ColdReaderOptions, type ColdStart, openColdReader } from './cold/open-cold-reader.js'
export type { ProcessFacts, ProcessState } from './cold/process-facts.js'
export type {
  HeadInspection,
  QueueInspection,
  ReaderInspection,
  RecordPlace,
  SegmentsSummary,
  WriterInspection,
} from './cold/queue-inspection.js'
export { isQueueListing, listQueue, type QueueListing } from './cold/queue-listing.js'
export { PROBLEMS, type ProblemCode, type ProblemSeverity, type QueueProblem } from './cold/queue-problem.js'
export { QueueVerification, type VerifyOptions, type VerifyProgress, verifyQueue } from './cold/queue-verification.js'
export type { RecentRate } from './cold/recent-rate.js'
export { isRepairable, type PlanOptions, planRepairs, problemsBeforeRepair } from './repair/plan-repairs.js'
export { planPrune, pruneQueue } from './repair/prune-queue.js'
export { type RepairOptions, repairQueue } from './repair/repair-queue.js'
export {
  describeRepairStep,
  type RepairOutcome,
  type RepairReport,
  type RepairStep,
  type RepairStepKind,
} from './repair/repair-step.js'
export { type DifferenceRange, type QueueComparison, QueueDifference } from './salvage/compare-queues.js'
export { QueueSalvage, type SalvageGap, type SalvageReport, salvageQueue } from './salvage/queue-salvage.js'
export { QueueStatistics, type TypeStatistics } from './salvage/queue-statistics.js'
export type { MeasuredReader } from './state/judge-reader.js'
export type {
  BlockedState,
  DiskState,
  DurableState,
  LagState,
  MeasuredRates,
  QueueState,
  ReaderState,
  WriterState,
} from './state/queue-state.js'
export { parseThresholds, readThresholds, THRESHOLDS_FILE } from './state/read-thresholds.js'
export { HISTORY_MS, QUICK_SEGMENTS, RATE_WINDOW_MS, StateHistory, type TrendPoint } from './state/state-history.js'
export { inspectState, type Measured, type StateOptions, stateOfQueue } from './state/state-of-queue.js'
export type { ReaderThresholds, StateThresholds, Threshold } from './state/state-thresholds.js'
export {
  STATES,
  type StateCode,
  type StateCondition,
  type StateSeverity,
  type StateWord,
  stateLabel,
} from './state/state-words.js'
export { type FindTraceOptions, type FoundTrace, findTrace, type TraceHop } from './trace/find-trace.js'
