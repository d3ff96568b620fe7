/**
 * What the packages of this project that stand above core share with it, and applications do not need: the format, files that are held by their descriptors, and what recovery and
 * retention know. There is no promise of stability: any release may change it.
 */

export { type ControlPatch, patchesOfMachineStop } from './control/machine-stop.js'
export { BLOCKING_WAIT_TIMEOUT_MS } from './defaults.js'
export { assert } from './errors/assert.js'
export { fromSystemError } from './errors/index.js'
export { absolutePath, pathOf } from './files/absolute-path.js'
export { closeQuietly } from './files/close-quietly.js'
export { bootId, processStartTime } from './files/machine.js'
export { makeDirectory } from './files/make-directory.js'
export { notifyService } from './files/notify-service.js'
export { checkFlag, checkObject, checkOptions, checkSignal, type OptionNames } from './files/option-names.js'
export { pause } from './files/pause.js'
export { QueueDirectory } from './files/queue-directory.js'
export { openPath } from './files/regular-file.js'
export { readWhole, writeWhole } from './files/whole-transfer.js'
export { WriterLock } from './files/writer-lock.js'
export * from './format/index.js'
export { surveyReaders } from './positions/reader-survey.js'
export {
  formatSources,
  type ListedSource,
  openQueueDirectory,
  parseSources,
  readSources,
  SOURCES_FILE,
  writeSources,
} from './positions/source-list.js'
export { momentNs } from './reader/moment.js'
export { checkPoll, isPromise, promiseFromHandler } from './reader/poll-handler.js'
export { type IteratedSource, SourceIterator } from './reader/source-iterator.js'
export { isCredibleSequence, type SequenceBefore } from './records/credible-sequence.js'
export { type HeaderWalk, type RecordVisitor, walkHeaders } from './records/header-walk.js'
export { judgeRecord, type RecordFault, type RecordVerdict } from './records/judge-record.js'
export type { LeavingEvidence } from './records/leaving.js'
export { type Place, roomBetween } from './records/place.js'
export { findRecordBefore, LOOK_BACK_BYTES } from './records/record-before.js'
export { mayHoldRecords, type RecordPresence, recordsIn } from './records/record-presence.js'
export { type DamageStep, RecordWalk } from './records/record-walk.js'
export { type Damage, findNextRecord } from './records/resync.js'
export { hasHeaderCrc, type SegmentBytes, sequenceOf, timestampNsOf } from './records/segment-bytes.js'
export { SequenceRule } from './records/sequence-rule.js'
export { cutAt } from './recovery/cut-at.js'
export { RECOVERY_CASES } from './recovery/recovery-case.js'
export { QUARANTINE_DIRECTORY, quarantineEntry, setBytesAside, setFileAside } from './recovery/set-aside.js'
export { RetentionPlan, type RetentionState } from './retention/retention-plan.js'
export { segmentAgeMs } from './retention/segment-age.js'
export { SPARSE_INDEX_DIRECTORY } from './segment/sparse-index.js'
export { onAbort } from './wait/abort-listeners.js'
export { endingAtReturn } from './wait/ending-at-return.js'
export type { Interruption } from './wait/interruption.js'
export { PreparedOptions } from './writer/prepared-options.js'
export { findOldControl, rebuildControl } from './writer/rebuild-control.js'
export { checkRetention } from './writer/writer-options.js'
