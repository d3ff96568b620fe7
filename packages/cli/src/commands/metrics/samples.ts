import type { ProblemSeverity, QueueInspection } from '@chronicle-ts/inspect'

/** Every metric, with its type and what it means. Names are stable. */
export const METRICS = {
  chronicle_queue_up: { type: 'gauge', help: 'Whether the control block is valid.' },
  chronicle_queue_next_sequence: { type: 'counter', help: 'Sequence of the next message.' },
  chronicle_queue_first_sequence: { type: 'gauge', help: 'Sequence of the oldest message that is there.' },
  chronicle_queue_durable_sequence: { type: 'gauge', help: 'Messages before this sequence survive a power cut.' },
  chronicle_queue_last_timestamp_seconds: { type: 'gauge', help: 'Timestamp of the last message.' },
  chronicle_queue_segments: { type: 'gauge', help: 'Segment files.' },
  chronicle_queue_bytes: { type: 'gauge', help: 'Bytes of all segment files.' },
  chronicle_queue_problems: { type: 'gauge', help: 'Problems that a look at the metadata finds, by severity.' },
  chronicle_writer_alive: { type: 'gauge', help: 'Whether a process holds the writer lock.' },
  chronicle_writer_epoch: { type: 'counter', help: 'How often the queue was opened for writing.' },
  chronicle_writer_heartbeat_seconds: { type: 'gauge', help: 'When the writer last appended or gave a sign of life.' },
  chronicle_reader_alive: { type: 'gauge', help: 'Whether a process holds the lock of the reader.' },
  chronicle_reader_lag_messages: { type: 'gauge', help: 'Messages that the reader has not committed.' },
  chronicle_reader_lag_bytes: { type: 'gauge', help: 'Bytes of segment space that the reader has not committed.' },
  chronicle_reader_lag_seconds: { type: 'gauge', help: 'Time between the next message of the reader and the last one.' },
  chronicle_reader_commit_seconds: { type: 'gauge', help: 'When the reader last committed.' },
  chronicle_reader_pins_from_segment: { type: 'gauge', help: 'The lowest segment that the reader still needs.' },
} as const satisfies Record<string, { readonly type: 'gauge' | 'counter'; readonly help: string }>

export type MetricName = keyof typeof METRICS

export interface Sample {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const SEVERITIES: readonly ProblemSeverity[] = ['critical', 'warning', 'info']

/** The samples of one queue; what is not known has none. */
export function samplesOf(inspection: QueueInspection): Sample[] {
  const { head, first, durable, segments, writer, problems } = inspection
  const labels = { queue: inspection.directory }
  const values: [MetricName, number | bigint | boolean | undefined][] = [
    ['chronicle_queue_up', inspection.controlIsValid],
    ['chronicle_queue_next_sequence', head.nextSequence],
    ['chronicle_queue_first_sequence', first?.sequence],
    ['chronicle_queue_durable_sequence', durable?.sequence],
    ['chronicle_queue_last_timestamp_seconds', seconds(head.lastTimestampNs)],
    ['chronicle_queue_segments', segments.count],
    ['chronicle_queue_bytes', segments.bytes],
    ['chronicle_writer_alive', writer.alive],
    ['chronicle_writer_epoch', writer.epoch],
    ['chronicle_writer_heartbeat_seconds', seconds(writer.lastHeartbeatNs)],
  ]
  const counted = SEVERITIES.map((severity) => ({
    name: 'chronicle_queue_problems' as const,
    labels: { ...labels, severity },
    value: problems.filter((problem) => problem.severity === severity).length,
  }))
  return [...toSamples(labels, values), ...counted, ...inspection.readers.flatMap((reader) => readerSamples(labels, reader))]
}

function readerSamples(labels: Sample['labels'], reader: QueueInspection['readers'][number]): Sample[] {
  const { lag } = reader
  return toSamples({ ...labels, reader: reader.name }, [
    ['chronicle_reader_alive', reader.lock.held],
    ['chronicle_reader_lag_messages', lag?.messages],
    ['chronicle_reader_lag_bytes', lag?.bytes],
    ['chronicle_reader_lag_seconds', seconds(lag?.ns)],
    ['chronicle_reader_commit_seconds', seconds(reader.lastHeartbeatNs)],
    ['chronicle_reader_pins_from_segment', reader.pinsFrom],
  ])
}

function toSamples(labels: Sample['labels'], values: readonly [MetricName, number | bigint | boolean | undefined][]): Sample[] {
  return values.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels, value: Number(value) }]))
}

function seconds(ns: bigint | undefined): number | undefined {
  return ns === undefined ? undefined : Number(ns) / 1e9
}
