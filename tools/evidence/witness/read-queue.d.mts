/** u64 fields are numbers, or decimal text where a number would not be exact; times are decimal text. */
export type Wide = number | string

export interface WitnessedControl {
  readonly version: number
  readonly initState: number
  readonly writerEpoch: Wide
  readonly segmentSize: Wide
  readonly bootId: string
  readonly extensionEpoch: number
  readonly features: number
  readonly createdNs: string
  readonly segmentGeneration: number
  readonly currentSegment: number
  readonly firstSegmentPlusOne: Wide
  readonly writeBack: number
  /** Hexadecimal; zeros: absent. */
  readonly queueId: string
  readonly replicaTerm: Wide
  readonly sourceQueueId: string
  readonly device: string
  readonly inode: string
  readonly birthNs: string
  readonly identityCrc: number
  readonly writeOffset: Wide
  readonly heartbeatNs: string
  readonly nextSequence: Wide
  readonly dirtyEnd: Wide
  readonly dirtySegment: number
  readonly notifySequence: number
  readonly waitersPending: number
  readonly parkedReaders: number
  readonly progressSequence: number
  readonly writerBlocked: number
}

export interface WitnessedSource {
  readonly sequence: Wide
  readonly id: number
  readonly epoch: number
  readonly outputIndex: number
  readonly flags: number
}

export interface WitnessedRecord {
  readonly segment: number
  readonly offset: number
  readonly sequence: Wide
  readonly timestampNs: string
  readonly typeId: number
  readonly length: number
  /** Of the payload, computed. */
  readonly crc32: number
  readonly flags: number
  /** `null` in records of the base format. */
  readonly writerEpoch: number | null
  /** 0: no schema. */
  readonly schemaVersion: number
  /** With flag bit 1. Hexadecimal; `flags` as in the W3C trace context. */
  readonly trace: { readonly traceId: string; readonly spanId: string; readonly flags: number } | null
  /** With flag bit 2. */
  readonly source: WitnessedSource | null
  /** A copy; absent when not asked for. */
  readonly payload?: Buffer
}

export interface WitnessedSegment {
  readonly segment: number
  readonly sealed: boolean
  readonly records: number
  /** Where the records end, the padding record not counted. */
  readonly end: number
}

export interface WitnessedPlace {
  readonly segment: number
  readonly offset: number
}

export interface WitnessedReader {
  readonly name: string
  readonly segment: Wide
  readonly offset: Wide
  readonly generation: Wide
  readonly heartbeatNs: string
}

export interface WitnessedDurableSlot {
  readonly slot: number
  readonly sequence: Wide
  readonly segment: number
  readonly offset: Wide
  readonly generation: number
}

export interface WitnessedProblem {
  /** 'bad-control', 'bad-payload-crc', 'bad-header-crc', 'sequence-gap', 'not-zero', 'not-sealed', ... */
  readonly code: string
  /** Inside the queue directory. */
  readonly file: string
  readonly offset: number
  readonly detail: string
}

export interface WitnessedQueue {
  readonly control: WitnessedControl | undefined
  readonly durable: readonly WitnessedDurableSlot[]
  readonly segments: readonly WitnessedSegment[]
  readonly records: readonly WitnessedRecord[]
  readonly padding: readonly WitnessedPlace[]
  /** Bytes after the last record that an append touched which never committed. */
  readonly torn: readonly (WitnessedPlace & { readonly end: number })[]
  readonly readers: Readonly<Record<string, WitnessedReader>>
  readonly index: { readonly segment: Wide; readonly offset: Wide } | undefined
  readonly lock: { readonly pid: number; readonly startTime: number; readonly epoch: number } | undefined
  readonly problems: readonly WitnessedProblem[]
}

export type WitnessEvent =
  | ({ readonly kind: 'control' } & WitnessedControl)
  | ({ readonly kind: 'durable' } & WitnessedDurableSlot)
  | ({ readonly kind: 'record' } & WitnessedRecord)
  | ({ readonly kind: 'segment' } & WitnessedSegment)
  | ({ readonly kind: 'padding' } & WitnessedPlace)
  | ({ readonly kind: 'torn' } & WitnessedPlace & { readonly end: number })
  | ({ readonly kind: 'reader' } & WitnessedReader)
  | { readonly kind: 'index'; readonly segment: Wide; readonly offset: Wide }
  | { readonly kind: 'lock'; readonly pid: number; readonly startTime: number; readonly epoch: number }
  | ({ readonly kind: 'problem' } & WitnessedProblem)

export interface WitnessOptions {
  /** Records carry a copy of their payload. Default true. */
  readonly payloads?: boolean
}

/** Everything in a queue directory, event by event. A broken directory ends in `problem` events, not in exceptions. */
export function scanQueue(directory: string, options?: WitnessOptions): Generator<WitnessEvent, void, void>

/** Reads a whole queue directory, which should be at rest. */
export function readQueue(directory: string, options?: WitnessOptions): WitnessedQueue
