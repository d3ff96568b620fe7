import type { Field } from './field.js'

/**
 * Layout of `control.meta`, which every process of a queue maps. Integers are little-endian; free bytes are zero.
 *
 * ```text
        0       1       2       3       4       5       6       7
      +-------------------------------+-------------------------------+
    0 |             magic             |            version            |
      +-------------------------------+-------------------------------+
    8 |           initState           |              free             |
      +-------------------------------+-------------------------------+
   16 |                          writerEpoch                          |
      +---------------------------------------------------------------+
   24 |                          segmentSize                          |
      +---------------------------------------------------------------+
   32 |                        bootId, 16 bytes                       |
      +-------------------------------+-------------------------------+
   48 |         extensionEpoch        |            features           |
      +-------------------------------+-------------------------------+
   56 |                           createdNs                           |
      +---------------------------------------------------------------+
   64 |                     durableSlot0, 32 bytes                    |
      +---------------------------------------------------------------+
   96 |                     durableSlot1, 32 bytes                    |
      +-------------------------------+-------------------------------+
  128 |       segmentGeneration       |         currentSegment        |
      +-------------------------------+-------------------------------+
  136 |                      firstSegmentPlusOne                      |
      +---------------------------------------------------------------+
  144 |                       queueId, 16 bytes                       |
      +---------------------------------------------------------------+
  160 |                          replicaTerm                          |
      +---------------------------------------------------------------+
  168 |                    sourceQueueId, 16 bytes                    |
      +---------------------------------------------------------------+
  184 |                         free, 32 bytes                        |
      +---------------------------------------------------------------+
  216 |                         controlDevice                         |
      +---------------------------------------------------------------+
  224 |                          controlInode                         |
      +---------------------------------------------------------------+
  232 |                         controlBirthNs                        |
      +-------------------------------+-------------------------------+
  240 |          identityCrc          |              free             |
      +-------------------------------+-------------------------------+
  248 |              free             |           writeBack           |
      +-------------------------------+-------------------------------+
  256 |                          writeOffset                          |
      +---------------------------------------------------------------+
  264 |                       writerHeartbeatNs                       |
      +---------------------------------------------------------------+
  272 |                          nextSequence                         |
      +---------------------------------------------------------------+
  280 |                            dirtyEnd                           |
      +-------------------------------+-------------------------------+
  288 |          dirtySegment         |              free             |
      +-------------------------------+-------------------------------+
  296 |                          lastAppendNs                         |
      +---------------------------------------------------------------+
  304 |                         free, 80 bytes                        |
      +-------------------------------+-------------------------------+
  384 |         notifySequence        |         waitersPending        |
      +-------------------------------+-------------------------------+
  392 |         parkedReaders         |              free             |
      +-------------------------------+-------------------------------+
  400 |                         free, 48 bytes                        |
      +-------------------------------+-------------------------------+
  448 |        progressSequence       |         writerBlocked         |
      +-------------------------------+-------------------------------+
  456 |                         free, 56 bytes                        |
      +---------------------------------------------------------------+
 * ```
 *
 * - Bytes 0 to 31, `segmentGeneration` to `currentSegment`, `writeOffset`, `writerHeartbeatNs`, `notifySequence` and `waitersPending` are the
 *   base format. All else is an extension. Zero there means absent, and the fields count only while `extensionEpoch` equals `writerEpoch` (low 32 bits), because a writer of
 * the base format does not maintain them. `createdNs`, the durable slots and the bytes 144 to 255 stay true
 *   regardless. `control-identity.ts` describes bytes 216 to 243.
 * - `segmentGeneration` is a seqlock over `currentSegment` and `writeOffset`: odd while a roll changes them.
 * - Three kinds of words have cache lines of their own. Those are the words that a writer stores per append (256 to 319), and the futex words of readers (384) and of blocked writers (448).
 */
export const CONTROL_LENGTH = 512
/** On disk `4e 52 48 43`. */
export const CONTROL_MAGIC = 0x4348524e
export const CONTROL_VERSION = 3

export const CONTROL_MAGIC_OFFSET = 0
export const CONTROL_VERSION_OFFSET = 4
/** One of the `INIT_STATE_*` values, stored last with release ordering. */
export const CONTROL_INIT_STATE_OFFSET = 8
/** u64, plus 1 at every writer open, at least 1. */
export const CONTROL_WRITER_EPOCH_OFFSET = 16
/** u64, bytes: the only source of the segment size once the queue exists. */
export const CONTROL_SEGMENT_SIZE_OFFSET = 24
/** The 16 bytes of the UUID of the machine run in which the writer opened the queue. */
export const CONTROL_BOOT_ID_OFFSET = 32
export const CONTROL_BOOT_ID_LENGTH = 16
/** u32, low half of the epoch whose writer maintains the extension fields. */
export const CONTROL_EXTENSION_EPOCH_OFFSET = 48
/** u32 of `CONTROL_FEATURE_*` bits. */
export const CONTROL_FEATURES_OFFSET = 52
/** u64, nanoseconds since 1970. */
export const CONTROL_CREATED_NS_OFFSET = 56
/** See `durable-layout.ts`. */
export const CONTROL_DURABLE_SLOT_0_OFFSET = 64
export const CONTROL_DURABLE_SLOT_1_OFFSET = 96
export const CONTROL_SEGMENT_GENERATION_OFFSET = 128
export const CONTROL_CURRENT_SEGMENT_OFFSET = 132
/** u64, a hint: the lowest segment that exists, plus 1. */
export const CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET = 136
/** u32, one of the `WRITE_BACK_*` values: what is known of the syncs since the durable mark, in this run of the machine. */
export const CONTROL_WRITE_BACK_OFFSET = 252
/** The 16 bytes of a random UUID, made with the queue. */
export const CONTROL_QUEUE_ID_OFFSET = 144
export const CONTROL_QUEUE_ID_LENGTH = 16
/** u64, of a replica. */
export const CONTROL_REPLICA_TERM_OFFSET = 160
/** 16 bytes, the `queueId` of the queue that a replica copies. */
export const CONTROL_SOURCE_QUEUE_ID_OFFSET = 168
/** u64, u64 and u64 (nanoseconds since 1970): which file this control block is. */
export const CONTROL_DEVICE_OFFSET = 216
export const CONTROL_INODE_OFFSET = 224
export const CONTROL_BIRTH_NS_OFFSET = 232
export const CONTROL_IDENTITY_CRC_OFFSET = 240
/** u64, where the next record goes in the head segment. */
export const CONTROL_WRITE_OFFSET_OFFSET = 256
/** u64, CLOCK_REALTIME at open, append and roll. */
export const CONTROL_WRITER_HEARTBEAT_NS_OFFSET = 264
/** u64, the sequence of the next record. */
export const CONTROL_NEXT_SEQUENCE_OFFSET = 272
/** u64, bytes of `dirtySegment` below it may have been touched by an append that did not commit. */
export const CONTROL_DIRTY_END_OFFSET = 280
export const CONTROL_DIRTY_SEGMENT_OFFSET = 288
/** u64, CLOCK_REALTIME at the last append. Stays over a change of the writer. */
export const CONTROL_LAST_APPEND_NS_OFFSET = 296
/** u32 futex word: plus 1 per append, batch and roll. */
export const CONTROL_NOTIFY_SEQUENCE_OFFSET = 384
/** u32, readers parked or about to park, as the base format counts them. */
export const CONTROL_WAITERS_PENDING_OFFSET = 388
/** u32, not 0: some reader is parked or about to park; only the writer clears it. */
export const CONTROL_PARKED_READERS_OFFSET = 392
/** u32 futex word for blocked writers. */
export const CONTROL_PROGRESS_SEQUENCE_OFFSET = 448
/** u32, not 0: the writer waits for readers to make progress, since this second (Unix time); 1: it does not say since when. */
export const CONTROL_WRITER_BLOCKED_OFFSET = 452

export const INIT_STATE_UNINITIALISED = 0
export const INIT_STATE_INITIALISING = 1
export const INIT_STATE_READY = 2

/** Every sync that was begun has succeeded. */
export const WRITE_BACK_GOOD = 0
/** A sync was begun, and its outcome is not known: it is under way, or its process died. */
export const WRITE_BACK_UNDER_WAY = 1
/** A sync failed. The kernel may have marked pages clean that it did not write: all since the durable mark is written again before a later mark is set. */
export const WRITE_BACK_FAILED = 2

/** The writer honours `parkedReaders`. */
export const CONTROL_FEATURE_PARKED_READERS = 1

export const CONTROL_FIELDS: readonly Field[] = [
  { name: 'magic', offset: CONTROL_MAGIC_OFFSET, length: 4 },
  { name: 'version', offset: CONTROL_VERSION_OFFSET, length: 4 },
  { name: 'initState', offset: CONTROL_INIT_STATE_OFFSET, length: 4 },
  { name: 'writerEpoch', offset: CONTROL_WRITER_EPOCH_OFFSET, length: 8 },
  { name: 'segmentSize', offset: CONTROL_SEGMENT_SIZE_OFFSET, length: 8 },
  { name: 'bootId', offset: CONTROL_BOOT_ID_OFFSET, length: CONTROL_BOOT_ID_LENGTH },
  { name: 'extensionEpoch', offset: CONTROL_EXTENSION_EPOCH_OFFSET, length: 4 },
  { name: 'features', offset: CONTROL_FEATURES_OFFSET, length: 4 },
  { name: 'createdNs', offset: CONTROL_CREATED_NS_OFFSET, length: 8 },
  { name: 'durableSlot0', offset: CONTROL_DURABLE_SLOT_0_OFFSET, length: 32 },
  { name: 'durableSlot1', offset: CONTROL_DURABLE_SLOT_1_OFFSET, length: 32 },
  { name: 'segmentGeneration', offset: CONTROL_SEGMENT_GENERATION_OFFSET, length: 4 },
  { name: 'currentSegment', offset: CONTROL_CURRENT_SEGMENT_OFFSET, length: 4 },
  { name: 'firstSegmentPlusOne', offset: CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, length: 8 },
  { name: 'queueId', offset: CONTROL_QUEUE_ID_OFFSET, length: CONTROL_QUEUE_ID_LENGTH },
  { name: 'replicaTerm', offset: CONTROL_REPLICA_TERM_OFFSET, length: 8 },
  { name: 'sourceQueueId', offset: CONTROL_SOURCE_QUEUE_ID_OFFSET, length: CONTROL_QUEUE_ID_LENGTH },
  { name: 'controlDevice', offset: CONTROL_DEVICE_OFFSET, length: 8 },
  { name: 'controlInode', offset: CONTROL_INODE_OFFSET, length: 8 },
  { name: 'controlBirthNs', offset: CONTROL_BIRTH_NS_OFFSET, length: 8 },
  { name: 'identityCrc', offset: CONTROL_IDENTITY_CRC_OFFSET, length: 4 },
  { name: 'writeBack', offset: CONTROL_WRITE_BACK_OFFSET, length: 4 },
  { name: 'writeOffset', offset: CONTROL_WRITE_OFFSET_OFFSET, length: 8 },
  { name: 'writerHeartbeatNs', offset: CONTROL_WRITER_HEARTBEAT_NS_OFFSET, length: 8 },
  { name: 'nextSequence', offset: CONTROL_NEXT_SEQUENCE_OFFSET, length: 8 },
  { name: 'dirtyEnd', offset: CONTROL_DIRTY_END_OFFSET, length: 8 },
  { name: 'dirtySegment', offset: CONTROL_DIRTY_SEGMENT_OFFSET, length: 4 },
  { name: 'lastAppendNs', offset: CONTROL_LAST_APPEND_NS_OFFSET, length: 8 },
  { name: 'notifySequence', offset: CONTROL_NOTIFY_SEQUENCE_OFFSET, length: 4 },
  { name: 'waitersPending', offset: CONTROL_WAITERS_PENDING_OFFSET, length: 4 },
  { name: 'parkedReaders', offset: CONTROL_PARKED_READERS_OFFSET, length: 4 },
  { name: 'progressSequence', offset: CONTROL_PROGRESS_SEQUENCE_OFFSET, length: 4 },
  { name: 'writerBlocked', offset: CONTROL_WRITER_BLOCKED_OFFSET, length: 4 },
]
