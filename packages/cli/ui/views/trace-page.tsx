import type { TraceResult } from '../api.ts'
import { Loading, Scroll, useAsked } from '../components.tsx'
import { count, nanoseconds, time } from '../format.ts'

export function TracePage({ traceId }: { readonly traceId: string | undefined }) {
  return (
    <>
      <h1>Trace</h1>
      <form
        class="bar"
        onSubmit={(event) => {
          event.preventDefault()
          const wanted = String(new FormData(event.currentTarget).get('trace')).trim().toLowerCase()
          if (/^[0-9a-f]{32}$/.test(wanted)) location.hash = `#/trace/${wanted}`
        }}
      >
        <input name="trace" aria-label="trace id" placeholder="trace id, 32 hexadecimal digits" size={36} value={traceId ?? ''} />
        <button type="submit">find</button>
      </form>
      {traceId !== undefined && <Hops traceId={traceId} />}
    </>
  )
}

function Hops({ traceId }: { readonly traceId: string }) {
  const { value, error } = useAsked<TraceResult>(`/api/trace/${traceId}`)
  if (value === undefined) return <Loading error={error} />
  const { hops, looked, isComplete } = value
  const first = BigInt(hops[0]?.timestampNs ?? 0)
  return (
    <>
      <p class="faint">
        {count(hops.length)} messages, {count(looked)} looked at
        {isComplete ? '' : '; the time was over before everything was looked at, newest first'}
      </p>
      <Scroll label="messages of the trace">
        <table>
          <thead>
            <tr>
              <th>Time</th>
              <th class="number">After</th>
              <th>Queue</th>
              <th class="number">Sequence</th>
              <th class="number optional">Type</th>
              <th class="optional">Span</th>
            </tr>
          </thead>
          <tbody>
            {hops.map(({ id, queue, sequence, timestampNs, typeId, spanId }) => (
              <tr key={`${id} ${sequence}`}>
                <td>{time(timestampNs)}</td>
                <td class="number">{nanoseconds(String(BigInt(timestampNs) - first))}</td>
                <td class="name">{queue}</td>
                <td class="number">
                  <a href={`#/q/${id}/messages/${sequence}`}>{count(sequence)}</a>
                </td>
                <td class="number optional">{typeId}</td>
                <td class="optional">{spanId}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  )
}
