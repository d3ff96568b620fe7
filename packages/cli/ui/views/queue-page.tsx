import type { QueueDetail, ReaderState, SegmentFacts } from '../api.ts'
import { Chart, Loading, Scroll, State, useAsked } from '../components.tsx'
import { bytes, count, nanoseconds, rate, seconds, time } from '../format.ts'

export function QueuePage({ id }: { readonly id: string }) {
  const { value, error } = useAsked<QueueDetail>(`/api/queues/${id}`, 1000)
  if (value === undefined) return <Loading error={error} />
  const { name, state, inspection, bridges, trend } = value
  return (
    <>
      <h1>
        {name} <State word={summary(value)} severity={state.severity} />
      </h1>
      <div class="bar">
        <a href={`#/q/${id}/messages`}>messages</a>
      </div>
      {error !== undefined && <p class="note critical">{error}</p>}
      {state.conditions.map(({ code, subject, reader, word, severity, detail }) => (
        <p class={`note ${severity}`} key={`${code} ${reader}`}>
          {reader === null ? subject : `reader ${reader}`} <State word={word} severity={severity} />
          {detail === '' ? '' : `: ${detail}`}
        </p>
      ))}
      <div class="charts">
        <Chart title="messages per second" at={trend.seconds} values={trend.rates} />
        {state.readers.length > 0 && <Chart title="messages behind, slowest reader" at={trend.seconds} values={trend.lags} />}
      </div>
      <h2>Facts</h2>
      <Facts detail={value} />
      <h2>Readers</h2>
      <Readers readers={state.readers} />
      {bridges.length > 0 && <h2>Bridges</h2>}
      {bridges.length > 0 && <Bridges bridges={bridges} />}
      <h2>Segments</h2>
      <Segments detail={value} />
      {inspection.problems.length > 0 && <h2>Problems</h2>}
      {inspection.problems.map(({ code, severity, message, acknowledged }) => (
        <p class={`note ${severity} ${acknowledged === true ? 'known' : ''}`} key={`${code} ${message}`}>
          <strong>{code}</strong> {acknowledged === true ? '(acknowledged) ' : ''}
          {message}
        </p>
      ))}
    </>
  )
}

/** `ok`, `damaged`, `reader dead`: the worst condition. */
function summary({ state }: QueueDetail): string {
  const [worst] = state.conditions
  if (worst === undefined) return 'ok'
  return worst.subject === 'queue' ? worst.word : `${worst.subject} ${worst.word}`
}

function Facts({ detail: { state, inspection } }: { readonly detail: QueueDetail }) {
  const { writer, durable, disk, measured } = state
  const { head, first, segments, segmentSize, control } = inspection
  const isReplica = control !== undefined && /[1-9a-f]/.test(control.sourceQueueId)
  return (
    <dl>
      <dt>directory</dt>
      <dd>{inspection.directory}</dd>
      <dt>writer</dt>
      <dd>
        <State word={writer.word} severity={writer.severity} />{' '}
        {[writer.detail, writer.epoch === null ? '' : `epoch ${writer.epoch}`].filter((fact) => fact !== '').join(', ')}
      </dd>
      <dt>messages</dt>
      <dd>
        {first === undefined ? 'none' : `${count(first.sequence)} to ${count((head.nextSequence ?? 1) - 1)}`}
        {head.lastTimestampNs !== undefined && `, the last one at ${time(head.lastTimestampNs)}`}
      </dd>
      <dt>rate</dt>
      <dd>{measured === null ? '?' : `${rate(measured.perSecond)} over ${nanoseconds(measured.windowNs)}`}</dd>
      <dt>segments</dt>
      <dd>
        {count(segments.count)} of {bytes(segmentSize)}, {bytes(segments.bytes)} in all, {bytes(segments.allocatedBytes)} on disk
      </dd>
      <dt>durable</dt>
      <dd>{durable.sequence === null ? 'never synced' : `before ${count(durable.sequence)}, ${count(durable.behind)} behind`}</dd>
      <dt>disk</dt>
      <dd>{disk === null ? '?' : `${bytes(disk.freeBytes)} free of ${bytes(disk.totalBytes)}`}</dd>
      <dt>replica</dt>
      <dd>{isReplica ? `of ${control.sourceQueueId}, term ${control.replicaTerm}` : 'no'}</dd>
    </dl>
  )
}

function Readers({ readers }: { readonly readers: readonly ReaderState[] }) {
  if (readers.length === 0) return <p class="faint">No reader is registered.</p>
  return (
    <Scroll label="readers">
      <table>
        <thead>
          <tr>
            <th>Reader</th>
            <th>State</th>
            <th class="number">Behind</th>
            <th class="number optional">Bytes</th>
            <th class="number optional-2">Unread for</th>
            <th class="number optional">Own time</th>
            <th class="number optional">Rate</th>
            <th class="number optional-2">Catches up in</th>
            <th class="number optional">Pins from</th>
          </tr>
        </thead>
        <tbody>
          {[...readers].sort(worseFirst).map((reader) => (
            <tr key={reader.name} class={reader.severity}>
              <td class="name">{reader.name}</td>
              <td title={reader.detail}>
                <State word={reader.word} severity={reader.severity} />
              </td>
              <td class="number">{count(reader.lag.messages)}</td>
              <td class="number optional">{bytes(reader.lag.bytes)}</td>
              <td class="number optional-2">{reader.lag.messages === 0 ? '-' : nanoseconds(reader.lag.arrivalNs)}</td>
              <td class="number optional">{nanoseconds(reader.lag.ownNs)}</td>
              <td class="number optional">{rate(reader.perSecond)}</td>
              <td class="number optional-2">{catchUp(reader)}</td>
              <td class="number optional">{reader.pinsFrom === null ? '?' : `segment ${reader.pinsFrom}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const SEVERITIES = { critical: 2, warning: 1, ok: 0 } as const

/** The worst reader first, and of equal ones the one that is furthest behind. */
function worseFirst(one: ReaderState, other: ReaderState): number {
  return SEVERITIES[other.severity] - SEVERITIES[one.severity] || (other.lag.messages ?? 0) - (one.lag.messages ?? 0)
}

function Bridges({ bridges }: { readonly bridges: QueueDetail['bridges'] }) {
  return (
    <Scroll label="bridges">
      <table>
        <thead>
          <tr>
            <th>Bridge</th>
            <th>State</th>
            <th class="number">Behind</th>
            <th class="number optional">Bytes</th>
            <th class="number">Seconds</th>
            <th class="number optional">Failures</th>
            <th class="number optional-2">Said at</th>
          </tr>
        </thead>
        <tbody>
          {bridges.map(({ role, name, state, lag, failures, error, updatedMs }) => (
            <tr key={`${role} ${name}`} class={state === 'failed' ? 'critical' : state === 'retrying' ? 'warning' : 'ok'}>
              <td class="name">
                {role} {name}
              </td>
              <td title={error ?? ''}>{state}</td>
              <td class="number">{count(lag.messages)}</td>
              <td class="number optional">{bytes(lag.bytes)}</td>
              <td class="number">{seconds(lag.seconds)}</td>
              <td class="number optional">{count(failures)}</td>
              <td class="number optional-2">{time(String(updatedMs * 1e6))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

function catchUp({ lag, perSecond, catchUpSeconds }: ReaderState): string {
  if (lag.messages === 0) return '-'
  if (lag.messages === null || perSecond === null) return '?'
  return catchUpSeconds === null ? 'never at this rate' : seconds(catchUpSeconds)
}

function Segments({ detail: { inspection, state } }: { readonly detail: QueueDetail }) {
  const { inspected, omitted } = inspection.segments
  const pinnedBy = ({ segmentId }: SegmentFacts) =>
    state.readers.filter(({ pinsFrom }) => pinsFrom !== null && pinsFrom <= segmentId).map(({ name }) => name)
  return (
    <Scroll label="segments">
      <table>
        <thead>
          <tr>
            <th>Segment</th>
            <th>State</th>
            <th class="number optional-2">First sequence</th>
            <th class="number optional">Messages</th>
            <th class="number">Size</th>
            <th>Needed by</th>
          </tr>
        </thead>
        <tbody>
          {inspected.map((segment) => (
            <tr key={segment.segmentId}>
              <td>{segment.segmentId}</td>
              <td>
                {segment.segmentId === inspection.head.segmentId
                  ? 'head'
                  : segment.sealed
                    ? 'sealed'
                    : segment.hasRecords
                      ? 'open'
                      : 'prepared'}
              </td>
              <td class="number optional-2">{segment.firstSequence === undefined ? '' : count(segment.firstSequence)}</td>
              <td class="number optional">{segment.recordCount === undefined ? '' : count(segment.recordCount)}</td>
              <td class="number">{bytes(segment.length)}</td>
              <td>{pinnedBy(segment).join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {omitted > 0 && <p class="faint">{count(omitted)} segments in the middle are not listed.</p>}
    </Scroll>
  )
}
