import { InvalidArgumentError, QueueReader, QueueWriter } from '@chronicle-ts/core'
import { checkMembers } from '@chronicle-ts/core/internal'
import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api'

/** What is measured. Attributes are added to every measurement of it; `queue` and `reader` are there by default. */
export type MetricSource =
  | { readonly writer: QueueWriter; readonly attributes?: Attributes }
  | { readonly reader: QueueReader; readonly attributes?: Attributes }

interface Instrument {
  readonly name: string
  readonly kind: 'counter' | 'gauge'
  readonly unit: string
  readonly description: string
}

const WRITER_INSTRUMENTS = {
  appended: instrument('chronicle.writer.messages', 'counter', '{message}', 'Messages that this writer appended.'),
  rolls: instrument('chronicle.writer.rolls', 'counter', '{roll}', 'Segments that this writer left for the next one.'),
  syncs: instrument('chronicle.writer.syncs', 'counter', '{sync}', 'Syncs of this writer.'),
  blockedRolls: instrument('chronicle.writer.blocked', 'counter', '{roll}', 'Rolls that waited for readers.'),
  unpreparedRolls: instrument('chronicle.writer.unprepared', 'counter', '{roll}', 'Rolls that waited for their segment.'),
  segmentsDeleted: instrument('chronicle.writer.segments.deleted', 'counter', '{segment}', 'Segments that retention deleted.'),
  readersReleased: instrument('chronicle.writer.readers.released', 'counter', '{reader}', 'Readers that retention released.'),
  durableBehind: instrument(
    'chronicle.writer.durable.behind',
    'gauge',
    '{message}',
    'Messages that would not survive a power loss.',
  ),
} as const

const READER_INSTRUMENTS = {
  messages: instrument('chronicle.reader.messages', 'counter', '{message}', 'Messages that this reader delivered.'),
  corruptSkipped: instrument('chronicle.reader.skipped', 'counter', '{message}', 'Damaged or missing messages that it skipped.'),
  lost: instrument('chronicle.reader.lost', 'counter', '{message}', 'Messages that were deleted before it read them.'),
  lagMessages: instrument('chronicle.reader.lag.messages', 'gauge', '{message}', 'Messages that it has not read.'),
  lagBytes: instrument('chronicle.reader.lag.bytes', 'gauge', 'By', 'Bytes of segment space that it has not read.'),
  lagSeconds: instrument(
    'chronicle.reader.lag.time',
    'gauge',
    's',
    'Age of the next message, by its own time; 0 when there is none.',
  ),
} as const

type Readings<Instruments> = Partial<Record<keyof Instruments, number>>

/**
 * Registers instruments that are read when metrics are collected, and cost nothing in between. A writer or reader that is closed has no measurements any more.
 *
 * @returns what takes them off again.
 *
 * @example
 * ```ts
 * const stop = collectMetrics(metrics.getMeter('orders'), [{ writer }, { reader }])
 * ```
 */
export function collectMetrics(meter: Meter, sources: readonly MetricSource[]): () => void {
  checkMembers('meter', meter, ['createObservableCounter', 'createObservableGauge', 'addBatchObservableCallback'], 'a meter')
  if (!Array.isArray(sources) || !sources.every(isSource))
    throw new InvalidArgumentError({ argument: 'sources', value: sources, expected: 'an array of { writer } and { reader }' })
  const writers = instruments(meter, WRITER_INSTRUMENTS)
  const readers = instruments(meter, READER_INSTRUMENTS)
  const observables = [...Object.values(writers), ...Object.values(readers)]
  const observe = (result: BatchObservableResult) => {
    for (const source of sources) {
      if ('writer' in source) report(result, writers, { readings: readWriter(source.writer), attributes: attributesOf(source) })
      else report(result, readers, { readings: readReader(source.reader), attributes: attributesOf(source) })
    }
  }
  meter.addBatchObservableCallback(observe, observables)
  return () => meter.removeBatchObservableCallback(observe, observables)
}

function isSource(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false
  return 'writer' in source ? source.writer instanceof QueueWriter : 'reader' in source && source.reader instanceof QueueReader
}

function instrument(name: string, kind: Instrument['kind'], unit: string, description: string): Instrument {
  return { name, kind, unit, description }
}

function instruments<Name extends string>(meter: Meter, table: Readonly<Record<Name, Instrument>>): Record<Name, Observable> {
  const made = Object.entries<Instrument>(table).map(([key, { name, kind, unit, description }]) => {
    const options = { unit, description }
    return [key, kind === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options)]
  })
  return Object.fromEntries(made) as Record<Name, Observable>
}

function report<Name extends string>(
  result: BatchObservableResult,
  observables: Readonly<Record<Name, Observable>>,
  { readings, attributes }: { readonly readings: Partial<Record<Name, number>>; readonly attributes: Attributes },
): void {
  for (const [name, observable] of Object.entries<Observable>(observables)) {
    const value = readings[name as Name]
    if (value !== undefined && !Number.isNaN(value)) result.observe(observable, value, attributes)
  }
}

function readWriter(writer: QueueWriter): Readings<typeof WRITER_INSTRUMENTS> {
  if (writer.closed) return {}
  const {
    appended,
    rolls,
    syncs,
    blockedRolls,
    unpreparedRolls,
    segmentsDeleted,
    readersReleased,
    nextSequence,
    durableSequence,
  } = writer.metrics()
  const durableBehind = Math.max(0, nextSequence - durableSequence)
  return { appended, rolls, syncs, blockedRolls, unpreparedRolls, segmentsDeleted, readersReleased, durableBehind }
}

function readReader(reader: QueueReader): Readings<typeof READER_INSTRUMENTS> {
  if (reader.closed) return {}
  const { messages, corruptSkipped, lost } = reader.metrics()
  const lag = reader.lag()
  return { messages, corruptSkipped, lost, lagMessages: lag.messages, lagBytes: lag.bytes, lagSeconds: Number(lag.ns) / 1e9 }
}

function attributesOf(source: MetricSource): Attributes {
  if ('writer' in source) return { queue: source.writer.directory, ...source.attributes }
  return { queue: source.reader.directory, reader: source.reader.name, ...source.attributes }
}
