import type { BridgeProgress } from '@chronicle-ts/bridge/progress'
import type { ProblemSeverity, QueueInspection, QueueState, ReaderState, StateSeverity } from '@chronicle-ts/inspect'

/** Every metric, with its type and what it means. Names are stable. */
export const METRICS = {
  chronicle_queue_up: { type: 'gauge', help: 'Whether the queue can be read and its control block is valid.' },
  chronicle_unreadable_directories: { type: 'gauge', help: 'Directories that could not be searched for queues.' },
  chronicle_queue_severity: { type: 'gauge', help: 'State of the queue: 0 ok, 1 warning, 2 critical.' },
  chronicle_condition: { type: 'gauge', help: 'Each condition that is not ok, with the words of docs/states.md.' },
  chronicle_queue_messages_total: { type: 'counter', help: 'Messages that were ever appended: the sequence of the next one.' },
  chronicle_queue_first_sequence: { type: 'gauge', help: 'Sequence of the oldest message that is there.' },
  chronicle_queue_durable_sequence: { type: 'gauge', help: 'Messages before this sequence survive a power loss.' },
  chronicle_queue_durable_behind: { type: 'gauge', help: 'Messages that would not survive a power loss.' },
  chronicle_queue_last_timestamp_seconds: { type: 'gauge', help: 'Timestamp of the last message.' },
  chronicle_queue_segments: { type: 'gauge', help: 'Segment files.' },
  chronicle_queue_bytes: { type: 'gauge', help: 'Bytes of all segment files.' },
  chronicle_queue_problems: { type: 'gauge', help: 'Problems that a look at the metadata finds, by severity.' },
  chronicle_queue_problems_acknowledged: { type: 'gauge', help: 'Problems among them that were acknowledged.' },
  chronicle_disk_free_bytes: { type: 'gauge', help: 'Free bytes of the file system that the queue is on.' },
  chronicle_disk_size_bytes: { type: 'gauge', help: 'Size of the file system that the queue is on.' },
  chronicle_writer_alive: { type: 'gauge', help: 'Whether a process holds the writer lock.' },
  chronicle_writer_state: { type: 'gauge', help: 'What the writer does, in the words of docs/states.md; 1 for the present one.' },
  chronicle_writer_blocked_seconds: {
    type: 'gauge',
    help: 'How long the writer has been waiting for its readers; 0 when it is not.',
  },
  chronicle_writer_opens_total: { type: 'counter', help: 'How often the queue was opened for writing.' },
  chronicle_writer_heartbeat_seconds: { type: 'gauge', help: 'When the writer last appended or gave a sign of life.' },
  chronicle_reader_alive: { type: 'gauge', help: 'Whether the reader runs.' },
  chronicle_reader_state: { type: 'gauge', help: 'What the reader does, in the words of docs/states.md; 1 for the present one.' },
  chronicle_reader_lag_messages: { type: 'gauge', help: 'Messages that the reader has not committed.' },
  chronicle_reader_lag_bytes: { type: 'gauge', help: 'Bytes of segment space that the reader has not committed.' },
  chronicle_reader_lag_arrival_seconds: { type: 'gauge', help: 'How long the oldest unread message has been there.' },
  chronicle_reader_lag_seconds: {
    type: 'gauge',
    help: 'Time between the next message of the reader and the last one, by the times of the messages.',
  },
  chronicle_reader_oldest_unread_timestamp_seconds: {
    type: 'gauge',
    help: 'Timestamp of the oldest message that the reader has not committed; absent when there is none.',
  },
  chronicle_reader_commit_seconds: { type: 'gauge', help: 'When the reader last committed.' },
  chronicle_reader_pins_from_segment: { type: 'gauge', help: 'The lowest segment that the reader still needs.' },
  chronicle_bridge_up: {
    type: 'gauge',
    help: 'Whether the end of the bridge carries records: its process said so, and no server is away.',
  },
  chronicle_bridge_updated_seconds: {
    type: 'gauge',
    help: 'When the end of the bridge last said where it is: once a second while it runs.',
  },
  chronicle_bridge_lag_messages: {
    type: 'gauge',
    help: 'Messages that the stream needs (push), or that the replica needs (pull); absent where it is not known.',
  },
  chronicle_bridge_lag_bytes: { type: 'gauge', help: 'Bytes of them; an estimate for a pull.' },
  chronicle_bridge_lag_seconds: { type: 'gauge', help: 'Age of the oldest of them.' },
  chronicle_bridge_term: { type: 'gauge', help: 'Replica term of the queue, as the end of the bridge knows it.' },
  chronicle_bridge_records_total: { type: 'counter', help: 'Records that the end of the bridge has carried since it began.' },
  chronicle_bridge_failures_total: { type: 'counter', help: 'Sessions with the server that failed since it began.' },
} as const satisfies Record<string, { readonly type: 'gauge' | 'counter'; readonly help: string }>

export type MetricName = keyof typeof METRICS

export interface Sample {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A queue as it was looked at, under the name that its samples get. */
export interface SampledQueue {
  readonly name: string
  readonly inspection: QueueInspection
  readonly state: QueueState
  /** Ends of bridges that carry the queue. */
  readonly bridges?: readonly BridgeProgress[]
}

const SEVERITIES: readonly ProblemSeverity[] = ['critical', 'warning', 'info']
const LEVELS: Readonly<Record<StateSeverity, number>> = { ok: 0, warning: 1, critical: 2 }

/** The samples of one queue; what is not known has none. */
export function samplesOf({ name, inspection, state, bridges = [] }: SampledQueue): Sample[] {
  const { head, first, segments, writer, problems } = inspection
  const labels = { queue: name }
  const values: [MetricName, number | bigint | boolean | null | undefined][] = [
    ['chronicle_queue_up', inspection.controlIsValid],
    ['chronicle_queue_severity', LEVELS[state.severity]],
    ['chronicle_queue_messages_total', head.nextSequence],
    ['chronicle_queue_first_sequence', first?.sequence],
    ['chronicle_queue_durable_sequence', state.durable.sequence],
    ['chronicle_queue_durable_behind', state.durable.behind],
    ['chronicle_queue_last_timestamp_seconds', seconds(head.lastTimestampNs)],
    ['chronicle_queue_segments', segments.count],
    ['chronicle_queue_bytes', segments.bytes],
    ['chronicle_queue_problems_acknowledged', state.acknowledged],
    ['chronicle_disk_free_bytes', state.disk?.freeBytes],
    ['chronicle_disk_size_bytes', state.disk?.totalBytes],
    ['chronicle_writer_alive', writer.alive],
    ['chronicle_writer_blocked_seconds', inspection.controlIsValid ? blockedSeconds(state) : undefined],
    ['chronicle_writer_opens_total', writer.epoch],
    ['chronicle_writer_heartbeat_seconds', seconds(writer.lastHeartbeatNs)],
  ]
  const counted = SEVERITIES.map((severity) => ({
    name: 'chronicle_queue_problems' as const,
    labels: { ...labels, severity },
    value: problems.filter((problem) => problem.severity === severity).length,
  }))
  return [
    ...toSamples(labels, values),
    ...counted,
    { name: 'chronicle_writer_state', labels: { ...labels, state: state.writer.word }, value: 1 },
    ...conditionSamples(labels, state),
    ...state.readers.flatMap((reader) => readerSamples(labels, reader)),
    ...bridges.flatMap((bridge) => bridgeSamples(labels, bridge)),
  ]
}

/** What is said of queues that cannot be looked at, and of directories in which there may be others. */
export function samplesOfUnreadable(names: readonly string[], directories: readonly string[]): Sample[] {
  return [
    ...names.map((queue) => ({ name: 'chronicle_queue_up' as const, labels: { queue }, value: 0 })),
    { name: 'chronicle_unreadable_directories', labels: {}, value: directories.length },
  ]
}

function blockedSeconds({ writer: { blocked }, inspectedNs }: QueueState): number | undefined {
  if (blocked === null) return 0
  return blocked.sinceNs === null ? undefined : Math.max(0, Number(inspectedNs - blocked.sinceNs) / 1e9)
}

function conditionSamples(labels: Sample['labels'], { conditions }: QueueState): Sample[] {
  return conditions.map(({ code, word, severity, reader }) => ({
    name: 'chronicle_condition',
    labels: { ...labels, code, word, severity, reader: reader ?? '' },
    value: 1,
  }))
}

function readerSamples(labels: Sample['labels'], reader: ReaderState): Sample[] {
  const { lag } = reader
  const own = { ...labels, reader: reader.name }
  const values: [MetricName, number | bigint | boolean | null | undefined][] = [
    ['chronicle_reader_alive', isAlive(reader)],
    ['chronicle_reader_lag_messages', lag.messages],
    ['chronicle_reader_lag_bytes', lag.bytes],
    ['chronicle_reader_lag_arrival_seconds', seconds(lag.arrivalNs)],
    ['chronicle_reader_lag_seconds', seconds(lag.ownNs)],
    ['chronicle_reader_oldest_unread_timestamp_seconds', seconds(lag.oldestUnreadNs)],
    ['chronicle_reader_commit_seconds', seconds(reader.lastCommitNs)],
    ['chronicle_reader_pins_from_segment', reader.pinsFrom],
  ]
  return [...toSamples(own, values), { name: 'chronicle_reader_state', labels: { ...own, state: reader.word }, value: 1 }]
}

function bridgeSamples(labels: Sample['labels'], bridge: BridgeProgress): Sample[] {
  const { role, name, stream, lag } = bridge
  return toSamples({ ...labels, end: role, name, stream }, [
    ['chronicle_bridge_up', bridge.state === 'running'],
    ['chronicle_bridge_updated_seconds', bridge.updatedMs / 1000],
    ['chronicle_bridge_lag_messages', lag.messages],
    ['chronicle_bridge_lag_bytes', lag.bytes],
    ['chronicle_bridge_lag_seconds', lag.seconds],
    ['chronicle_bridge_term', bridge.term],
    ['chronicle_bridge_records_total', bridge.records],
    ['chronicle_bridge_failures_total', bridge.failures],
  ])
}

function isAlive({ word }: ReaderState): boolean | undefined {
  return word === 'unknown' || word === 'damaged' ? undefined : word !== 'dead' && word !== 'closed'
}

function toSamples(
  labels: Sample['labels'],
  values: readonly [MetricName, number | bigint | boolean | null | undefined][],
): Sample[] {
  return values.flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [{ name, labels, value: Number(value) }],
  )
}

function seconds(ns: bigint | null | undefined): number | undefined {
  return ns === undefined || ns === null ? undefined : Number(ns) / 1e9
}
