/** One line of the budget table. Every figure is better when it is smaller. */
export interface BudgetRow {
  readonly name: string
  /** Which figure of the probes it shows. */
  readonly key: string
  readonly unit: 'ns' | 'us' | 'ms' | 'MB' | 'kB' | 'B' | 'x' | '%' | ''
  /** What must not be exceeded, and what we would like; absent in rows that only say what others are to be measured by. */
  readonly must?: number
  readonly aim?: number
}

export interface BudgetSection {
  readonly title: string
  readonly rows: readonly BudgetRow[]
}

/** What we promise ourselves, on two cores of a present-day server with messages of 64 bytes. */
export const BUDGET_SECTIONS: readonly BudgetSection[] = [
  {
    title: 'hot functions',
    rows: [
      { name: 'append, every feature on, prepared segments', key: 'appendNs', unit: 'ns', must: 100, aim: 55 },
      { name: 'appendBatch(100), per message', key: 'appendBatchNs', unit: 'ns', must: 50, aim: 30 },
      { name: 'appendPacked(100), per message', key: 'appendPackedNs', unit: 'ns', must: 40, aim: 15 },
      { name: 'claim, two f64, commit', key: 'claimNs', unit: 'ns', must: 80, aim: 45 },
      { name: 'next, checksum verified', key: 'nextNs', unit: 'ns', must: 45, aim: 20 },
      { name: 'commit of a reader', key: 'commitNs', unit: 'ns', must: 300, aim: 100 },
    ],
  },
  {
    title: 'fan-in by number of queues, per message',
    rows: [
      { name: 'one queue, next() of a reader', key: 'fanInReaderNs', unit: 'ns' },
      { name: '1 queue, eager', key: 'fanIn1EagerNs', unit: 'ns' },
      { name: '1 queue, ordered', key: 'fanIn1OrderedNs', unit: 'ns' },
      { name: '2 queues, eager', key: 'fanIn2EagerNs', unit: 'ns' },
      { name: '2 queues, ordered', key: 'fanIn2OrderedNs', unit: 'ns' },
      { name: '16 queues, eager', key: 'fanIn16EagerNs', unit: 'ns', must: 250, aim: 100 },
      { name: '16 queues, ordered', key: 'fanIn16OrderedNs', unit: 'ns', must: 250, aim: 100 },
      { name: '128 queues, eager', key: 'fanIn128EagerNs', unit: 'ns' },
      { name: '128 queues, ordered', key: 'fanIn128OrderedNs', unit: 'ns' },
      { name: '1,000 queues, eager', key: 'fanIn1000EagerNs', unit: 'ns' },
      { name: '1,000 queues, ordered', key: 'fanIn1000OrderedNs', unit: 'ns' },
    ],
  },
  {
    title: 'discovery: from just before READY to the event in another process',
    rows: [
      { name: 'inotify, alone on the bus, p50', key: 'discoveryAloneP50Ms', unit: 'ms' },
      { name: 'the same, p99', key: 'discoveryAloneP99Ms', unit: 'ms' },
      { name: 'rescans alone, p50', key: 'rescanAloneP50Ms', unit: 'ms' },
      { name: 'one CPU while nothing happens', key: 'discoveryAloneIdlePercent', unit: '%' },
      { name: 'inotify, 1,000 other strategies, p50', key: 'discoveryAmongP50Ms', unit: 'ms' },
      { name: 'the same, p99', key: 'discoveryAmongP99Ms', unit: 'ms' },
      { name: 'rescans alone, 1,000 other strategies, p50', key: 'rescanAmongP50Ms', unit: 'ms' },
      { name: 'one CPU while nothing happens, 1,000 other strategies', key: 'discoveryAmongIdlePercent', unit: '%' },
    ],
  },
  {
    title: 'following, replay, processing, queues in memory',
    rows: [
      { name: 'messages(), per message', key: 'messagesNs', unit: 'ns' },
      { name: 'follow(), per message', key: 'followNs', unit: 'ns' },
      { name: 'follow(), as a multiple of messages()', key: 'followPerMessages', unit: 'x', must: 1.1, aim: 1.05 },
      { name: 'fan-in of 3 queues, per message', key: 'mergeNs', unit: 'ns' },
      { name: 'replay of the same, per message', key: 'replayNs', unit: 'ns' },
      { name: 'replay, as a multiple of the fan-in', key: 'replayPerFanIn', unit: 'x', must: 1.2, aim: 1.1 },
      { name: 'restart of a processor, 128 MiB segment', key: 'restartMs', unit: 'ms', must: 100, aim: 10 },
      { name: 'the same without hints', key: 'restartWithoutHintsMs', unit: 'ms' },
      { name: 'queue in memory: make, append, read, commit, delete', key: 'memoryQueueMs', unit: 'ms', must: 5, aim: 2 },
    ],
  },
  {
    title: 'a quote without a queue, as multiples of a class as a generator writes it',
    rows: [
      { name: 'a class as a generator writes it: encode', key: 'generatedEncodeNs', unit: 'ns' },
      { name: 'the same: read four fields', key: 'generatedReadFourNs', unit: 'ns' },
      { name: 'the same: read all fields', key: 'generatedReadAllNs', unit: 'ns' },
      { name: 'flat1: encode', key: 'flat1EncodePerGenerated', unit: 'x' },
      { name: 'flat1: read four fields', key: 'flat1ReadFourPerGenerated', unit: 'x' },
      { name: 'flat1: read all fields', key: 'flat1ReadAllPerGenerated', unit: 'x' },
      { name: 'JSON: encode', key: 'jsonEncodePerGenerated', unit: 'x' },
      { name: 'JSON: read four fields', key: 'jsonReadFourPerGenerated', unit: 'x' },
      { name: 'JSON: read all fields', key: 'jsonReadAllPerGenerated', unit: 'x' },
      { name: 'msgpackr: encode', key: 'msgpackrEncodePerGenerated', unit: 'x' },
      { name: 'msgpackr: read four fields', key: 'msgpackrReadFourPerGenerated', unit: 'x' },
      { name: 'msgpackr: read all fields', key: 'msgpackrReadAllPerGenerated', unit: 'x' },
      { name: 'msgpackr records: encode', key: 'msgpackrRecordsEncodePerGenerated', unit: 'x' },
      { name: 'msgpackr records: read four fields', key: 'msgpackrRecordsReadFourPerGenerated', unit: 'x' },
      { name: 'msgpackr records: read all fields', key: 'msgpackrRecordsReadAllPerGenerated', unit: 'x' },
      { name: 'protobuf-es: encode', key: 'protobufEncodePerGenerated', unit: 'x' },
      { name: 'protobuf-es: read four fields', key: 'protobufReadFourPerGenerated', unit: 'x' },
      { name: 'protobuf-es: read all fields', key: 'protobufReadAllPerGenerated', unit: 'x' },
      { name: 'FlatBuffers: encode', key: 'flatbuffersEncodePerGenerated', unit: 'x' },
      { name: 'FlatBuffers: read four fields', key: 'flatbuffersReadFourPerGenerated', unit: 'x' },
      { name: 'FlatBuffers: read all fields', key: 'flatbuffersReadAllPerGenerated', unit: 'x' },
      { name: 'flat1, two fields read with 1 schema', key: 'oneSchemaPerGenerated', unit: 'x' },
      { name: 'flat1, two fields read with 40 schemas in turn', key: 'manySchemasPerGenerated', unit: 'x' },
    ],
  },
  {
    title: 'typed messages of nine fields and a text, beside other formats',
    rows: [
      { name: 'append of ready bytes', key: 'readyAppendNs', unit: 'ns' },
      { name: 'write(Quote, fill), as a multiple of it', key: 'typedWritePerAppend', unit: 'x', must: 1.15, aim: 1.05 },
      { name: 'fields stored by hand, no value checked, and append', key: 'handWritePerAppend', unit: 'x' },
      { name: 'append(Quote, value)', key: 'valueWritePerAppend', unit: 'x' },
      { name: 'FlatBuffers, and append', key: 'flatbuffersWritePerAppend', unit: 'x' },
      { name: 'msgpackr, and append', key: 'msgpackrWritePerAppend', unit: 'x' },
      { name: 'protobuf-es, and append', key: 'protobufWritePerAppend', unit: 'x' },
      { name: 'JSON, and append', key: 'jsonWritePerAppend', unit: 'x' },
      { name: 'bare next()', key: 'bareNextNs', unit: 'ns' },
      { name: 'four fields read, as a multiple of it', key: 'typedReadPerNext', unit: 'x', must: 1.5, aim: 1.3 },
      { name: 'four fields by hand', key: 'handReadPerNext', unit: 'x' },
      { name: 'four fields, FlatBuffers', key: 'flatbuffersReadPerNext', unit: 'x' },
      { name: 'four fields, msgpackr', key: 'msgpackrReadPerNext', unit: 'x' },
      { name: 'four fields, protobuf-es', key: 'protobufReadPerNext', unit: 'x' },
      { name: 'four fields, JSON', key: 'jsonReadPerNext', unit: 'x' },
      { name: 'a message skipped by type', key: 'typedSkipPerNext', unit: 'x', must: 1.2, aim: 1 },
      { name: 'heap allocated per message written, over 10 million', key: 'typedWriteHeapB', unit: 'B', must: 8, aim: 1 },
      { name: 'heap allocated per message read', key: 'typedReadHeapB', unit: 'B', must: 8, aim: 1 },
      { name: 'heap allocated per message skipped', key: 'typedSkipHeapB', unit: 'B', must: 8, aim: 1 },
      { name: 'heap that is left after them', key: 'typedLeftMb', unit: 'MB', must: 1, aim: 0.2 },
    ],
  },
  {
    title: 'floors under append, measured in the same rounds',
    rows: [
      { name: 'a native call that does nothing', key: 'emptyCallNs', unit: 'ns' },
      { name: 'C: copy, commit', key: 'copyNs', unit: 'ns' },
      { name: 'C: + clock_gettime', key: 'clockNs', unit: 'ns' },
      { name: 'C: + CRC-32', key: 'crcNs', unit: 'ns' },
      { name: 'C: + control block and notification', key: 'notifyNs', unit: 'ns' },
      { name: 'append, as a multiple of C: + CRC-32', key: 'appendPerCrc', unit: 'x' },
      { name: 'append, as a multiple of all of that plus an empty call', key: 'appendPerFloor', unit: 'x' },
    ],
  },
  {
    title: 'sustained, with rolls, default options',
    rows: [
      { name: 'append', key: 'sustainedNs', unit: 'ns' },
      { name: 'C appender with the same preparation', key: 'sustainedFloorNs', unit: 'ns' },
      { name: 'append, as a multiple of the C appender', key: 'sustainedRatio', unit: 'x', must: 1.5, aim: 1.15 },
      { name: 'times the appending thread slept, unprepared rolls aside', key: 'sustainedWaits', unit: '', must: 0, aim: 0 },
      { name: 'the same, C appender', key: 'sustainedFloorWaits', unit: '' },
      { name: 'rolls that came before their segment was prepared', key: 'sustainedUnpreparedRolls', unit: '' },
      { name: 'the same, C appender', key: 'sustainedFloorUnpreparedRolls', unit: '' },
      { name: 'worst single append within a segment', key: 'worstInSegmentUs', unit: 'us' },
      { name: 'the same, C appender', key: 'worstFloorInSegmentUs', unit: 'us' },
      { name: 'worst append that rolls', key: 'worstRollUs', unit: 'us' },
      { name: 'the same, C appender', key: 'worstFloorRollUs', unit: 'us' },
      { name: "worst append of all, as a multiple of the C appender's", key: 'worstRatio', unit: 'x', aim: 1 },
    ],
  },
  {
    title: 'C appender with a retention of one segment, by the way in which the next one is made',
    rows: [
      { name: 'a new file', key: 'newNs', unit: 'ns' },
      { name: 'a deleted file, zeroed by the file system and synced', key: 'emptiedNs', unit: 'ns' },
      { name: 'a deleted file, filled with zeros in memory', key: 'filledNs', unit: 'ns' },
      { name: 'a new file, CPU time of preparing', key: 'newPrepareCpuNs', unit: 'ns' },
      { name: 'zeroed by the file system, CPU time of preparing', key: 'emptiedPrepareCpuNs', unit: 'ns' },
      { name: 'filled in memory, CPU time of preparing', key: 'filledPrepareCpuNs', unit: 'ns' },
    ],
  },
  {
    title: 'rolls and opening',
    rows: [
      { name: 'append that rolls, prepared, p50', key: 'rollP50Us', unit: 'us' },
      { name: 'append that rolls, prepared, p99', key: 'rollP99Us', unit: 'us', must: 100, aim: 30 },
      { name: 'openWriter, same boot, 10 GiB queue', key: 'openWriterMs', unit: 'ms', must: 50, aim: 10 },
      { name: 'the same, after the writer was killed', key: 'openKilledWriterMs', unit: 'ms', must: 50, aim: 10 },
      { name: 'openReader, same queue', key: 'openReaderMs', unit: 'ms', must: 50, aim: 10 },
    ],
  },
  {
    title: 'one way between two processes',
    rows: [
      { name: 'busySpin, p50', key: 'busySpinP50Us', unit: 'us', must: 0.5, aim: 0.15 },
      { name: 'busySpin, p99', key: 'busySpinP99Us', unit: 'us', aim: 1 },
      { name: 'C: a word that is looked at all the time, p50', key: 'busySpinFloorP50Us', unit: 'us' },
      { name: 'wait, from parked, p50', key: 'parkP50Us', unit: 'us' },
      { name: 'C: a word that a thread sleeps on, p50', key: 'parkFloorP50Us', unit: 'us' },
      { name: 'waitAsync, from parked, p50', key: 'waitAsyncP50Us', unit: 'us', must: 35, aim: 20 },
      { name: 'C: that thread wakes an event loop, p50', key: 'waitAsyncFloorP50Us', unit: 'us' },
      { name: 'waitAsync, as a multiple of the C program', key: 'waitAsyncPerFloor', unit: 'x' },
      { name: 'Unix socket, p50', key: 'socketP50Us', unit: 'us' },
    ],
  },
  {
    title: 'half of a round trip between two spinning processes, p50',
    rows: [
      { name: 'append there, next() in a loop', key: 'nextHalfTripNs', unit: 'ns' },
      { name: 'append there, wait() with busySpin, next()', key: 'waitHalfTripNs', unit: 'ns' },
      { name: 'C: a word', key: 'floorWordHalfTripNs', unit: 'ns' },
      { name: 'C: + a record with its payload', key: 'floorCopyHalfTripNs', unit: 'ns' },
      { name: 'C: + clock_gettime', key: 'floorClockHalfTripNs', unit: 'ns' },
      { name: 'C: + CRC-32, made and verified', key: 'floorHalfTripNs', unit: 'ns' },
      { name: "C: + the header's CRC-32, control block and notification", key: 'floorControlHalfTripNs', unit: 'ns' },
      { name: 'next(), as a multiple of C: + CRC-32', key: 'nextHalfTripPerFloor', unit: 'x', aim: 1.6 },
      { name: 'wait(), as a multiple of C: + CRC-32', key: 'waitHalfTripPerFloor', unit: 'x', aim: 1.6 },
      { name: 'wait(): p99, as a multiple of p50', key: 'waitHalfTripP99PerP50', unit: 'x', aim: 2 },
      { name: 'wait(): mean, as a multiple of p50', key: 'waitHalfTripMeanPerP50', unit: 'x', aim: 1.2 },
    ],
  },
  {
    title: 'memory',
    rows: [
      { name: 'resident, process with an idle reader', key: 'idleReaderMb', unit: 'MB', must: 60 },
      { name: 'resident, plain Node.js', key: 'plainNodeMb', unit: 'MB' },
      { name: 'the difference', key: 'idleReaderExtraMb', unit: 'MB', aim: 5 },
      { name: 'heap allocated per append', key: 'appendHeapB', unit: 'B', must: 8, aim: 1 },
      { name: 'heap allocated per message read', key: 'readHeapB', unit: 'B', must: 8, aim: 1 },
    ],
  },
]
