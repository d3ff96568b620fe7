import { BACKPRESSURE_TIMEOUT_MS, DEFAULT_SEGMENT_SIZE, HEARTBEAT_INTERVAL_MS, TIMER_MAX_MS } from '../defaults.js'
import { InvalidArgumentError } from '../errors/index.js'
import { checkFlag, checkObject, checkOptionNames } from '../files/option-names.js'
import { DEFAULT_FILE_MODE } from '../files/queue-directory.js'
import { isNewSegmentSize, SEGMENT_SIZE_MAX, SEGMENT_SIZE_MIN, SEGMENT_SIZE_MULTIPLE } from '../format/index.js'
import type { RetentionOptions } from '../retention/retention-options.js'
import type { ReleasedReader } from '../retention/retention-plan.js'

/**
 * When the writer makes messages durable (able to survive a power cut) by itself. Several conditions: whichever comes first. Without any, messages become durable
 * when their segment is full, at `flush()`, or when the kernel writes pages back.
 */
export interface FlushPolicy {
  readonly everyMessages?: number
  readonly everyBytes?: number
  /** Needs a turning event loop. */
  readonly everyMs?: number
  /** The append that meets `everyMessages` or `everyBytes` returns when its message is durable. Default false: syncing goes on in the background. */
  readonly wait?: boolean
}

/** Named sets of options; options given beside a preset win over it. */
export type WriterPreset = 'lowLatency' | 'highThroughput' | 'durable'

export interface WriterOptions {
  readonly preset?: WriterPreset
  /** Bytes per segment of a queue that is created: a multiple of 4096 from 4 KiB to 4 GiB, 128 MiB by default. An existing queue keeps its own. */
  readonly segmentSize?: number
  /**
   * Sequence of the first message of a queue that is created, 0 by default: for replicas and restores. An existing queue continues at its own. Needs `extensions`, because the base format
   * has no place for it.
   */
  readonly firstSequence?: number
  /**
   * Write the additions of this implementation to the base format (header CRC, writer epoch, durable mark, ...), in bytes that the base format leaves free. Default true.
   * Without it, durability, waking of parked readers and O(1) recovery have only the means of the base format.
   */
  readonly extensions?: boolean
  readonly flushPolicy?: FlushPolicy
  /**
   * Touch pages before they are needed. `true` (default): as far ahead as the writer gets in a quarter of a second, at least 1 MiB. `'segment'`: whole segments, so that a burst after a rest
   * finds them ready too; each queue then takes the disk and memory of up to two segments. `false`: only reserve blocks.
   */
  readonly prefault?: boolean | 'segment'
  /** Lock segments into memory; fails with `ERR_LIMIT` when RLIMIT_MEMLOCK is too low. Default false. */
  readonly mlock?: boolean
  /** Ask for huge pages, where the file system has them. Default false. */
  readonly hugePages?: boolean
  /**
   * Permissions of the files that the writer makes, less umask. Default 0o666. The queue's directory and the folders in it get the same and may be entered by users that may
   * read (0o777 by default). What exists keeps its own.
   */
  readonly mode?: number
  /** CPUs that the calling thread is pinned to at open. */
  readonly cpu?: number | readonly number[]
  /** Roll when the head segment holds messages and has been the head for this long, although it is not full. Needs a turning event loop. */
  readonly rollAfterMs?: number
  /** Milliseconds between heartbeats of a writer that appends nothing; 0 for none. Default 1000. */
  readonly heartbeatIntervalMs?: number
  /**
   * Most segments that the queue may have, the head included. At least 2. On the disk there is up to one more that is being prepared and one that is being deleted. A writer
   * that retires segments faster than the disk deletes them waits for it.
   */
  readonly maxSegments?: number
  /** Most bytes that the queue's segments may have, counted as for `maxSegments`. At least two segments of the size that the queue has. */
  readonly maxBytes?: number
  /**
   * What an append does that needs a new segment while the queue is at its limit. `fail` (default) throws `ERR_QUEUE_FULL`. `block` stops the whole thread until readers make
   * room: no signal handler, no timer and no reader on this event loop runs meanwhile. On an event loop use `QueueWriter.appendAsync`, which waits without blocking.
   */
  readonly backpressure?: 'fail' | 'block'
  /** Milliseconds that a blocked append, and an `appendAsync` without a `timeoutMs`, waits for readers before it fails with `ERR_QUEUE_FULL`. Default 30,000; `Infinity` for no limit. */
  readonly backpressureTimeoutMs?: number
  /** Default: keep everything; with a limit: `{ consumed: true }`, because a bounded queue can continue only when consumed segments may be deleted. */
  readonly retention?: RetentionOptions
  /** Called when retention releases a reader that has not read everything: once for each. It may call what {@link onHighWatermark} may. */
  readonly onReaderReleased?: (released: ReleasedReader) => void
  /**
   * Called once each time the queue comes within one segment of its limit. It may call every method of this writer. What it appends comes before the message whose append
   * rolled, and after a batch. The append throws its errors without having written anything; after a batch, which is in the queue, they are uncaught exceptions.
   */
  readonly onHighWatermark?: (state: { readonly segments: number; readonly bytes: number }) => void
}

export type ResolvedWriterOptions = Required<
  Pick<
    WriterOptions,
    | 'segmentSize'
    | 'extensions'
    | 'prefault'
    | 'mlock'
    | 'hugePages'
    | 'mode'
    | 'heartbeatIntervalMs'
    | 'firstSequence'
    | 'backpressure'
    | 'backpressureTimeoutMs'
  >
> &
  Pick<
    WriterOptions,
    'flushPolicy' | 'rollAfterMs' | 'maxSegments' | 'maxBytes' | 'retention' | 'onHighWatermark' | 'onReaderReleased'
  > & {
    readonly cpus: readonly number[]
    /** Those of the caller and of the preset, without defaults. */
    readonly given: WriterOptions
  }

const DEFAULTS = {
  segmentSize: DEFAULT_SEGMENT_SIZE,
  firstSequence: 0,
  extensions: true,
  prefault: true,
  mlock: false,
  hugePages: false,
  mode: DEFAULT_FILE_MODE,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  backpressure: 'fail',
  backpressureTimeoutMs: BACKPRESSURE_TIMEOUT_MS,
} satisfies WriterOptions

const PRESETS: Record<WriterPreset, WriterOptions> = {
  lowLatency: { prefault: 'segment' },
  highThroughput: { prefault: true, flushPolicy: { everyBytes: 64 * 1024 * 1024, everyMs: 1000 } },
  durable: { flushPolicy: { everyMessages: 1, wait: true } },
}

/** The compiler compares these with the types, so that no option is forgotten. */
const OPTIONS: Readonly<Record<keyof WriterOptions, true>> = {
  preset: true,
  segmentSize: true,
  firstSequence: true,
  extensions: true,
  flushPolicy: true,
  prefault: true,
  mlock: true,
  hugePages: true,
  mode: true,
  cpu: true,
  rollAfterMs: true,
  heartbeatIntervalMs: true,
  maxSegments: true,
  maxBytes: true,
  backpressure: true,
  backpressureTimeoutMs: true,
  retention: true,
  onReaderReleased: true,
  onHighWatermark: true,
}
const FLUSH_POLICY_OPTIONS: Readonly<Record<keyof FlushPolicy, true>> = {
  everyMessages: true,
  everyBytes: true,
  everyMs: true,
  wait: true,
}
const RETENTION_OPTIONS: Readonly<Record<keyof RetentionOptions, true>> = {
  consumed: true,
  maxAgeMs: true,
  maxBytes: true,
  maxSegments: true,
  minSegments: true,
  readerTtlMs: true,
  maxReaderLagBytes: true,
}

/** Checks the `retention` of a writer by itself. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the option. */
export function checkRetention(retention: RetentionOptions): void {
  resolveWriterOptions({ retention })
}

/** Reads every option once, checks it and fills in defaults. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the option. */
export function resolveWriterOptions(given: WriterOptions): ResolvedWriterOptions {
  const own = readOptions(given)
  if (own.preset !== undefined && !(typeof own.preset === 'string' && Object.hasOwn(PRESETS, own.preset)))
    invalid('preset', own.preset, Object.keys(PRESETS).join(', '))
  const options = { ...(own.preset === undefined ? {} : PRESETS[own.preset]), ...own }
  const resolved: ResolvedWriterOptions = {
    ...DEFAULTS,
    ...pick(options, ...(Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[])),
    ...pick(options, 'flushPolicy', 'rollAfterMs', 'maxSegments', 'maxBytes', 'retention', 'onHighWatermark', 'onReaderReleased'),
    given: options,
    cpus: options.cpu === undefined ? [] : typeof options.cpu === 'number' ? [options.cpu] : copyIfArray(options.cpu),
  }
  checkSegmentSize(resolved.segmentSize)
  if (resolved.backpressure !== 'fail' && resolved.backpressure !== 'block')
    invalid('backpressure', resolved.backpressure, "'fail' or 'block'")
  if (resolved.prefault !== 'segment' && typeof resolved.prefault !== 'boolean')
    invalid('prefault', resolved.prefault, "true, false or 'segment'")
  for (const name of ['extensions', 'mlock', 'hugePages'] as const) checkFlag(name, resolved[name])
  checkFirstSequence(resolved)
  checkMode(resolved.mode)
  checkTimer('heartbeatIntervalMs', resolved.heartbeatIntervalMs, 0)
  checkTimer('flushPolicy.everyMs', resolved.flushPolicy?.everyMs, 1)
  checkAtLeast('backpressureTimeoutMs', resolved.backpressureTimeoutMs, 0)
  checkAtLeast('rollAfterMs', resolved.rollAfterMs, 1)
  checkAtLeast('maxSegments', resolved.maxSegments, 2)
  checkAtLeast('maxBytes', resolved.maxBytes, 0)
  for (const name of ['onHighWatermark', 'onReaderReleased'] as const) checkFunction(name, resolved[name])
  checkGroup('flushPolicy', resolved.flushPolicy, { everyMessages: 1, everyBytes: 1 })
  checkGroup('retention', resolved.retention, {
    maxAgeMs: 0,
    maxBytes: 0,
    maxSegments: 1,
    minSegments: 1,
    readerTtlMs: 0,
    maxReaderLagBytes: 0,
  })
  checkFlag('flushPolicy.wait', resolved.flushPolicy?.wait)
  checkFlag('retention.consumed', resolved.retention?.consumed)
  checkCpus(resolved.cpus)
  checkContradictions(resolved)
  return resolved
}

/** Options of which one cannot do what it says because of another one. Those that depend on the size of the segments: `checkLimits`. */
function checkContradictions({ flushPolicy = {}, retention = {} }: ResolvedWriterOptions): void {
  const { everyMessages, everyBytes, wait } = flushPolicy
  if (wait && everyMessages === undefined && everyBytes === undefined)
    invalid('flushPolicy.wait', wait, 'everyMessages or everyBytes beside it: it says which appends wait')
  const { minSegments, maxSegments } = retention
  if (minSegments !== undefined && maxSegments !== undefined && minSegments > maxSegments)
    invalid('retention.minSegments', minSegments, `a number of at most ${maxSegments}: maxSegments deletes the others`)
}

function checkCpus(cpus: readonly number[]): void {
  if (!Array.isArray(cpus)) invalid('cpu', cpus, 'a number of a CPU, or an array of them')
  for (const cpu of cpus) if (!Number.isInteger(cpu) || cpu < 0) invalid('cpu', cpu, 'numbers of CPUs')
}

/** The owner has to read and write: otherwise the writer that made a file could not open it again. */
function checkMode(mode: unknown): void {
  const isMode = typeof mode === 'number' && Number.isInteger(mode) && mode >= 0 && mode <= 0o777 && (mode & 0o600) === 0o600
  if (!isMode) invalid('mode', mode, 'permissions of 0o600 to 0o777, with read and write for the owner')
}

function checkFirstSequence({ firstSequence, extensions }: ResolvedWriterOptions): void {
  // One more is what a segment's header stores, and the last sequence of all is never given out.
  if (!(Number.isSafeInteger(firstSequence) && firstSequence >= 0 && firstSequence < Number.MAX_SAFE_INTEGER - 1))
    invalid('firstSequence', firstSequence, 'an integer from 0 to 2^53 - 3')
  if (firstSequence > 0 && !extensions) invalid('firstSequence', firstSequence, '0 without extensions')
}

/** A timer that is longer than the runtime's longest would fire at once, and again and again. */
function checkTimer(argument: string, value: number | undefined, minimum: number): void {
  checkAtLeast(argument, value, minimum)
  if (value !== undefined && value > TIMER_MAX_MS) invalid(argument, value, `a number of at most ${TIMER_MAX_MS}`)
}

/** A copy, because accessors and arrays may answer differently the next time. What is given as `undefined` is not given, and takes nothing from a preset. */
function readOptions(given: WriterOptions): WriterOptions {
  const own = readGroup('options', given, OPTIONS)
  return withoutUndefined({
    ...own,
    flushPolicy: readGroup('flushPolicy', own.flushPolicy, FLUSH_POLICY_OPTIONS),
    retention: readGroup('retention', own.retention, RETENTION_OPTIONS),
  })
}

function readGroup<Group extends object | undefined>(
  name: string,
  group: Group,
  known: Readonly<Record<keyof NonNullable<Group>, true>>,
): Group {
  if (group === undefined) return group
  checkObject(group, name)
  const copy = { ...group }
  checkOptionNames(copy, Object.keys(known), name === 'options' ? undefined : name)
  return copy
}

function copyIfArray(cpus: readonly number[]): readonly number[] {
  return Array.isArray(cpus) ? [...cpus] : cpus
}

function withoutUndefined(options: object): WriterOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Pick<T, K>
}

function checkSegmentSize(segmentSize: number): void {
  if (isNewSegmentSize(segmentSize)) return
  invalid(
    'segmentSize',
    segmentSize,
    `a multiple of ${SEGMENT_SIZE_MULTIPLE} from ${SEGMENT_SIZE_MIN} to ${SEGMENT_SIZE_MAX} bytes`,
  )
}

function checkFunction(argument: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') invalid(argument, value, 'a function')
}

function checkGroup(name: string, group: object | undefined, least: Readonly<Record<string, number>>): void {
  if (group !== undefined && (typeof group !== 'object' || group === null)) invalid(name, group, 'an object')
  for (const [key, minimum] of Object.entries(least)) {
    checkAtLeast(`${name}.${key}`, (group as Record<string, unknown> | undefined)?.[key], minimum)
  }
}

function checkAtLeast(argument: string, value: unknown, minimum: number): void {
  if (value === undefined) return
  if (typeof value !== 'number' || !(value >= minimum)) invalid(argument, value, `a number of at least ${minimum}`)
}

function invalid(argument: string, value: unknown, expected: string): never {
  throw new InvalidArgumentError({ argument, value, expected })
}
