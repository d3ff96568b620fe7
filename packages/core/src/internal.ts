/**
 * What the packages of this project that stand above core share with it, and applications do not need. These are parts of the format, files that are held by their
 * descriptors, and what recovery and retention know. A name stands here only while one of these packages imports it; `tools/internal-entry.test.ts` compares. There is no
 * promise of stability: any release may change it.
 */

export { publishControl, removeTemporaryControl } from './control/create-control.js'
export { patchesOfMachineStop } from './control/machine-stop.js'
export { BLOCKING_WAIT_TIMEOUT_MS } from './defaults.js'
export { assert } from './errors/assert.js'
export { fromSystemError } from './errors/index.js'
export { absolutePath, pathOf } from './files/absolute-path.js'
export { closeQuietly } from './files/close-quietly.js'
export { isStillAt } from './files/file-identity.js'
export { hasHungUp } from './files/hang-up.js'
export { bootId, processStartTime } from './files/machine.js'
export { createDirectory, makeDirectory } from './files/make-directory.js'
export { makeFile } from './files/make-file.js'
export { nodeCrypto } from './files/node-crypto.js'
export { notifyService } from './files/notify-service.js'
export {
  CALLBACK,
  COUNT,
  COUNT_FROM_ONE,
  COUNT_OR_INFINITY,
  FLAG,
  GROUP,
  MILLISECONDS,
  NANOSECONDS,
  type OptionKind,
  objectWith,
  oneOf,
  READER_NAME,
  TEXT,
  TIME_LIMIT,
} from './files/option-kinds.js'
export {
  checkArrayOf,
  checkFlag,
  checkFunction,
  checkMembers,
  checkMilliseconds,
  checkObject,
  checkOptions,
  checkSignal,
  type OptionNames,
} from './files/option-names.js'
export { pause } from './files/pause.js'
export { QueueDirectory } from './files/queue-directory.js'
export { isPromise, refusePromise } from './files/refuse-promise.js'
export { openPath } from './files/regular-file.js'
export { replaceFile } from './files/replace-file.js'
export { syncDirectory } from './files/sync-directory.js'
export { takeLock } from './files/take-lock.js'
export { readWhole, writeWhole } from './files/whole-transfer.js'
export { WriterLock } from './files/writer-lock.js'
export {
  type ControlBlock,
  controlExtensionsAreCurrent,
  controlProblem,
  decodeControl,
  encodeControl,
  type NewControlBlock,
} from './format/control-block.js'
export {
  type ControlIdentity,
  decodeControlIdentity,
  isSameControlFile,
  storeControlIdentity,
} from './format/control-identity.js'
export {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_DEVICE_OFFSET,
  CONTROL_EXTENSION_EPOCH_OFFSET,
  CONTROL_FIELDS,
  CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET,
  CONTROL_IDENTITY_CRC_OFFSET,
  CONTROL_INIT_STATE_OFFSET,
  CONTROL_LAST_APPEND_NS_OFFSET,
  CONTROL_LENGTH,
  CONTROL_MAGIC,
  CONTROL_MAGIC_OFFSET,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_QUEUE_ID_OFFSET,
  CONTROL_REPLICA_TERM_OFFSET,
  CONTROL_SEGMENT_GENERATION_OFFSET,
  CONTROL_SEGMENT_SIZE_OFFSET,
  CONTROL_SOURCE_QUEUE_ID_OFFSET,
  CONTROL_VERSION_OFFSET,
  CONTROL_WAITERS_PENDING_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  CONTROL_WRITER_HEARTBEAT_NS_OFFSET,
  INIT_STATE_READY,
  WRITE_BACK_FAILED,
} from './format/control-layout.js'
export { type DurableMark, decodeDurableMark, durableSlotOffset, encodeDurableSlot } from './format/durable-layout.js'
export {
  BRIDGE_DIRECTORY,
  CONTROL_FILE,
  INDEX_FILE,
  isReaderName,
  LEASE_FILE,
  LEASE_TEMPORARY_FILE,
  LOCK_FILE,
  parseReaderFileName,
  parseSegmentFileName,
  QUARANTINE_DIRECTORY,
  READERS_DIRECTORY,
  READY_FILE,
  READY_TEMPORARY_FILE,
  readerFileName,
  SCHEMAS_DIRECTORY,
  SOURCES_DIRECTORY,
  SOURCES_FILE,
  SPARSE_INDEX_DIRECTORY,
  segmentFileName,
  TEMPORARY_SUFFIX,
} from './format/file-names.js'
export { decodeIndex, INDEX_LENGTH } from './format/index-layout.js'
export { LOCK_RECORD_LENGTH_MAX, type LockRecord, parseLockRecord, parseProcessStartTime } from './format/lock-record.js'
export {
  decodeCommitNs,
  decodePosition,
  encodePosition,
  encodePositionSlot,
  isBlankPosition,
  POSITION_LENGTH,
  POSITION_SLOT_COUNT,
  POSITION_SLOT_LENGTH,
  renewPosition,
} from './format/position-layout.js'
export {
  decodeRecordHeader,
  decodeTraceContext,
  encodePaddingHeader,
  encodeRecord,
} from './format/record-header.js'
export {
  isRecordOffset,
  PADDING_TYPE_ID,
  RECORD_ALIGNMENT,
  RECORD_COMMIT_LENGTH_OFFSET,
  RECORD_FIELDS,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_CRC_COVERAGE,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  RECORD_SCHEMA_VERSION_MAX,
  RECORD_SEQUENCE_OFFSET,
  RECORD_TIMESTAMP_NS_OFFSET,
  RECORD_TRACE_ID_OFFSET,
  RECORD_TYPE_ID_MAX,
  recordLength,
  recordLengthAt,
  schemaVersionOf,
} from './format/record-layout.js'
export {
  decodeSegmentHeader,
  encodeSegmentHeader,
  isSealed,
  mayTimesGoBack,
  type SegmentHeader,
  segmentProblem,
} from './format/segment-header.js'
export {
  isExistingSegmentSize,
  maxPayloadLengthOf,
  SEGMENT_CREATED_NS_OFFSET,
  SEGMENT_END_OFFSET_OFFSET,
  SEGMENT_FIELDS,
  SEGMENT_FIRST_RECORD_OFFSET,
  SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET,
  SEGMENT_FLAG_SEALED,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_ID_OFFSET,
  SEGMENT_LAST_TIMESTAMP_NS_OFFSET,
  SEGMENT_MAGIC,
  SEGMENT_MAGIC_OFFSET,
  SEGMENT_RECORD_COUNT_OFFSET,
  SEGMENT_VERSION,
  SEGMENT_VERSION_OFFSET,
  SEGMENT_WRITER_EPOCH_OFFSET,
} from './format/segment-layout.js'
export { decodeSourcePosition, SOURCE_OUTPUT_INDEX_MAX } from './format/source-position-layout.js'
export { encodeSparseIndex } from './format/sparse-index-layout.js'
export { highHalf, LOWEST_HALF, lowHalf, toHalf, toNs } from './format/time-half.js'
export { getUint64, setUint64, viewOf } from './format/uint64.js'
export { surveyReaders } from './positions/reader-survey.js'
export {
  formatSources,
  type ListedSource,
  openQueueDirectory,
  parseSources,
  readSources,
  writeSources,
} from './positions/source-list.js'
export { wrapPayload } from './reader/message.js'
export { momentNs } from './reader/moment.js'
export { checkPoll, checkPolled } from './reader/poll-handler.js'
export { checkReaderOptions } from './reader/reader-options.js'
export { type IteratedSource, SourceIterator } from './reader/source-iterator.js'
export { isCredibleSequence, type SequenceBefore } from './records/credible-sequence.js'
export { type HeaderWalk, type RecordVisitor, walkHeaders } from './records/header-walk.js'
export { judgeRecord } from './records/judge-record.js'
export type { LeavingEvidence } from './records/leaving.js'
export { roomBetween, wholeBlocks } from './records/place.js'
export { findRecordBefore, findRecordNear, LOOK_BACK_BYTES, type WitnessRecord } from './records/record-before.js'
export { mayHoldRecords, type RecordPresence, recordsIn } from './records/record-presence.js'
export { type DamageStep, RecordWalk } from './records/record-walk.js'
export { findNextRecord } from './records/resync.js'
export { hasHeaderCrc, type SegmentBytes, sequenceOf, timestampNsOf } from './records/segment-bytes.js'
export { SequenceRule } from './records/sequence-rule.js'
export { cutAt } from './recovery/cut-at.js'
export { RECOVERY_CASES } from './recovery/recovery-case.js'
export { findSharedFiles } from './recovery/refuse-shared-files.js'
export { quarantineEntry, setBytesAside, setFileAside } from './recovery/set-aside.js'
export { RetentionPlan, type RetentionState } from './retention/retention-plan.js'
export { segmentAgeMs } from './retention/segment-age.js'
export { onAbort } from './wait/abort-listeners.js'
export { endingAtReturn } from './wait/ending-at-return.js'
export type { Interruption } from './wait/interruption.js'
export { checkSource } from './wait/wait-for-any.js'
export { PreparedOptions } from './writer/prepared-options.js'
export { findOldControl, findSegmentSize, rebuildControl } from './writer/rebuild-control.js'
export { checkRetention } from './writer/writer-options.js'
