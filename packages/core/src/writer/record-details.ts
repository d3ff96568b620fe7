import {
  binding,
  DETAILS_FLAGS_OFFSET,
  DETAILS_HAS_TIMESTAMP_OFFSET,
  DETAILS_LENGTH,
  DETAILS_TIMESTAMP_NS_OFFSET,
  DETAILS_TRACE_OFFSET,
  type NativeAppender,
  type Status,
} from '@chronicle-ts/native'
import { InvalidArgumentError } from '../errors/index.js'
import { checkOptions, type OptionNames } from '../files/option-names.js'
import {
  encodeSourcePosition,
  RECORD_FLAG_SOURCE_POSITION,
  RECORD_FLAG_TRACE_CONTEXT,
  RECORD_FLAG_TRACE_RANDOM,
  RECORD_FLAG_TRACE_SAMPLED,
  RECORD_SCHEMA_VERSION_MAX,
  RECORD_SCHEMA_VERSION_SHIFT,
  RECORD_SPAN_ID_LENGTH,
  RECORD_TRACE_ID_LENGTH,
  SOURCE_OUTPUT_INDEX_MAX,
  type SourcePosition,
} from '../format/index.js'
import type { ClaimOptions, MessageDetails, TraceOption } from './append-options.js'
import { timestampOf } from './timestamp.js'

/** What a message carries besides its type and payload, read from the options once and checked. A message that carries nothing has none. */
export interface RecordDetails {
  readonly timestampNs: bigint | undefined
  /** What native code takes: a schema version, all details in their bytes, or nothing but the time. */
  readonly native: number | Uint8Array | undefined
}

const DETAIL_NAMES: OptionNames<MessageDetails> = { timestampNs: true, schemaVersion: true, trace: true, source: true }
const CLAIM_NAMES: OptionNames<ClaimOptions> = { schemaVersion: true, trace: true, source: true }
const TRACE_NAMES: OptionNames<TraceOption> = { traceId: true, spanId: true, sampled: true, random: true }
const SOURCE_NAMES: OptionNames<SourcePosition> = {
  sourceSequence: true,
  sourceId: true,
  sourceEpoch: true,
  outputIndex: true,
  isLastOutput: true,
}
const UINT32_MAX = 0xffff_ffff

/**
 * Reads each detail once.
 *
 * @param extensions whether the writer writes the additions to the base format: all details but the time are.
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the detail.
 */
export function readDetails(given: MessageDetails, extensions: boolean): RecordDetails | undefined {
  const { timestampNs: time, schemaVersion, trace, source } = given
  const timestampNs = timestampOf(time)
  if (schemaVersion === undefined && trace === undefined && source === undefined)
    return timestampNs === undefined ? undefined : { timestampNs, native: undefined }
  if (!extensions) invalid('extensions', false, 'true in the options of openWriter: the base format has no room for it')
  const version = checkSchemaVersion(schemaVersion)
  if (timestampNs === undefined && trace === undefined && source === undefined) return { timestampNs, native: version }
  return { timestampNs, native: encodeDetails(timestampNs, version, trace, source) }
}

/** {@link readDetails} of the options of one call, whose names are checked. */
export function readAppendOptions(given: MessageDetails, extensions: boolean): RecordDetails | undefined {
  checkOptions(given, DETAIL_NAMES)
  return readDetails(given, extensions)
}

/** {@link readAppendOptions} for a claim, whose time is given at its commit. */
export function readClaimOptions(given: ClaimOptions, extensions: boolean): RecordDetails | undefined {
  if (typeof given === 'object' && given !== null && 'timestampNs' in given && given.timestampNs !== undefined)
    invalid('timestampNs', given.timestampNs, 'no time here: commit({ timestampNs }) takes it')
  checkOptions(given, CLAIM_NAMES)
  return readDetails(given, extensions)
}

/** One append by the native call that does the least. */
export function appendWith(
  appender: NativeAppender,
  typeId: number,
  payload: Uint8Array,
  details: RecordDetails | undefined,
): Status {
  if (details === undefined) return appender.append(typeId, payload)
  const { native, timestampNs } = details
  if (native !== undefined) return appender.appendWith(typeId, payload, native)
  return appender.appendAt(typeId, payload, timestampNs as bigint)
}

/** The details of a whole batch, one after the other. */
export function encodeBatchDetails(all: readonly (RecordDetails | undefined)[]): Uint8Array {
  const bytes = Buffer.alloc(all.length * DETAILS_LENGTH)
  for (const [index, details] of all.entries()) {
    if (details === undefined) continue
    const at = index * DETAILS_LENGTH
    const { timestampNs, native } = details
    if (typeof native === 'object') bytes.set(native, at)
    else if (native !== undefined) bytes.writeUInt16LE(native << RECORD_SCHEMA_VERSION_SHIFT, at + DETAILS_FLAGS_OFFSET)
    else storeTime(bytes, at, timestampNs)
  }
  return bytes
}

function encodeDetails(
  timestampNs: bigint | undefined,
  schemaVersion: number,
  trace: TraceOption | undefined,
  source: SourcePosition | undefined,
): Uint8Array {
  const bytes = Buffer.alloc(DETAILS_LENGTH)
  storeTime(bytes, 0, timestampNs)
  let flags = schemaVersion << RECORD_SCHEMA_VERSION_SHIFT
  if (trace !== undefined) flags |= storeTrace(bytes, trace)
  if (source !== undefined) {
    if (trace !== undefined) invalid('source', source, 'either a trace or a source: a message has room for one')
    bytes.set(encodeSourcePosition(checkSource(source), binding.crc32), DETAILS_TRACE_OFFSET)
    flags |= RECORD_FLAG_SOURCE_POSITION
  }
  bytes.writeUInt16LE(flags, DETAILS_FLAGS_OFFSET)
  return bytes
}

function storeTime(bytes: Buffer, at: number, timestampNs: bigint | undefined): void {
  if (timestampNs === undefined) return
  bytes.writeBigUInt64LE(timestampNs, at + DETAILS_TIMESTAMP_NS_OFFSET)
  bytes[at + DETAILS_HAS_TIMESTAMP_OFFSET] = 1
}

/** Returns the flags that belong to it. */
function storeTrace(bytes: Buffer, trace: TraceOption): number {
  checkOptions(trace, TRACE_NAMES, 'trace')
  const { traceId, spanId, sampled = false, random = false } = trace
  storeId(bytes, { name: 'trace.traceId', id: traceId, at: DETAILS_TRACE_OFFSET, length: RECORD_TRACE_ID_LENGTH })
  const at = DETAILS_TRACE_OFFSET + RECORD_TRACE_ID_LENGTH
  storeId(bytes, { name: 'trace.spanId', id: spanId, at, length: RECORD_SPAN_ID_LENGTH })
  if (typeof sampled !== 'boolean') invalid('trace.sampled', sampled, 'true or false')
  if (typeof random !== 'boolean') invalid('trace.random', random, 'true or false')
  return RECORD_FLAG_TRACE_CONTEXT | (sampled ? RECORD_FLAG_TRACE_SAMPLED : 0) | (random ? RECORD_FLAG_TRACE_RANDOM : 0)
}

/** W3C Trace Context calls an id of zeros invalid. */
function storeId(bytes: Buffer, { name, id, at, length }: { name: string; id: unknown; at: number; length: number }): void {
  const given = typeof id === 'string' && /^[0-9a-f]*$/i.test(id) && id.length === 2 * length ? Buffer.from(id, 'hex') : id
  const isValid = given instanceof Uint8Array && given.length === length && given.some((byte) => byte !== 0)
  if (!isValid) invalid(name, id, `${length} bytes, or ${2 * length} hexadecimal digits, that are not all zero`)
  bytes.set(given as Uint8Array, at)
}

function checkSchemaVersion(schemaVersion: number | undefined): number {
  if (schemaVersion === undefined) return 0
  const isVersion = Number.isInteger(schemaVersion) && schemaVersion >= 0 && schemaVersion <= RECORD_SCHEMA_VERSION_MAX
  if (isVersion) return schemaVersion
  return invalid('schemaVersion', schemaVersion, `an integer from 0 to ${RECORD_SCHEMA_VERSION_MAX}; 0 means without a schema`)
}

function checkSource(given: SourcePosition): SourcePosition {
  checkOptions(given, SOURCE_NAMES, 'source')
  const { sourceSequence, sourceId, sourceEpoch, outputIndex, isLastOutput } = given
  checkInteger('source.sourceSequence', sourceSequence, Number.MAX_SAFE_INTEGER)
  checkInteger('source.sourceId', sourceId, UINT32_MAX)
  checkInteger('source.sourceEpoch', sourceEpoch, UINT32_MAX)
  checkInteger('source.outputIndex', outputIndex, SOURCE_OUTPUT_INDEX_MAX)
  if (typeof isLastOutput !== 'boolean') invalid('source.isLastOutput', isLastOutput, 'true or false')
  return { sourceSequence, sourceId, sourceEpoch, outputIndex, isLastOutput }
}

function checkInteger(argument: string, value: unknown, max: number): void {
  const isInteger = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max
  if (!isInteger) invalid(argument, value, `an integer from 0 to ${max}`)
}

function invalid(argument: string, value: unknown, expected: string): never {
  throw new InvalidArgumentError({ argument, value, expected })
}
