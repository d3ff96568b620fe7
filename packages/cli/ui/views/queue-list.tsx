import { useState } from 'preact/hooks'
import type { QueueSummary, Snapshot } from '../api.ts'
import { Name, Scroll, Spark, State } from '../components.tsx'
import { bytes, count, rate, seconds } from '../format.ts'

const SEVERITIES = { critical: 2, warning: 1, ok: 0 } as const

type Key = 'state' | 'name' | 'rate' | 'lag' | 'waiting' | 'size'

const VALUES: Readonly<Record<Key, (queue: QueueSummary) => number>> = {
  state: ({ severity }) => SEVERITIES[severity],
  name: () => 0,
  rate: ({ perSecond }) => perSecond ?? -1,
  lag: ({ lagMessages }) => lagMessages ?? -1,
  waiting: ({ lagSeconds }) => lagSeconds ?? -1,
  size: ({ bytes: size }) => size,
}

export function QueueList({ snapshot }: { readonly snapshot: Snapshot }) {
  const [filter, setFilter] = useState('')
  const [key, setKey] = useState<Key>('state')
  const { queues, unreadable, leftOut, error } = snapshot
  const shown = queues
    .filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()))
    .sort((a, b) => VALUES[key](b) - VALUES[key](a) || (a.name < b.name ? -1 : 1))
  const head = (own: Key, title: string, style = '') => (
    <th class={style} aria-sort={key === own ? 'descending' : 'none'}>
      <button type="button" onClick={() => setKey(own)}>
        {title}
      </button>
    </th>
  )
  return (
    <>
      <h1>Queues</h1>
      <div class="bar">
        <input
          aria-label="filter by name"
          placeholder="filter by name"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <Totals queues={queues} />
      </div>
      {error !== null && <p class="note critical">{error}</p>}
      {unreadable.map(({ name, message }) => (
        <p class="note warning" key={name}>
          {name}: {message}
        </p>
      ))}
      {leftOut > 0 && <p class="note">{leftOut} directories were not searched: links, or too deep.</p>}
      {queues.length === 0 && error === null && <p class="faint">There is no queue in this directory yet.</p>}
      {queues.length > 0 && (
        <Scroll label="queues">
          <table>
            <thead>
              <tr>
                {head('name', 'Queue')}
                {head('state', 'State')}
                <th class="optional">Writer</th>
                {head('rate', 'Rate', 'number')}
                <th class="optional">15 min</th>
                {head('lag', 'Lag', 'number')}
                <th class="number optional">Bytes behind</th>
                {head('waiting', 'Unread for', 'number optional-2')}
                {head('size', 'Size', 'number optional')}
                <th class="number optional">Readers</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((queue) => (
                <Row key={queue.id} queue={queue} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </>
  )
}

/** How many queues there are, and how many are not ok, in the colour of the worst. Of no queue nothing is said. */
function Totals({ queues }: { readonly queues: readonly QueueSummary[] }) {
  const bad = queues.filter(({ severity }) => severity !== 'ok')
  const total = `${queues.length} ${queues.length === 1 ? 'queue' : 'queues'}`
  if (queues.length === 0) return <span>{total}</span>
  const known = queues.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  const severity = bad.some((queue) => queue.severity === 'critical') ? 'critical' : bad.length > 0 ? 'warning' : 'ok'
  return (
    <span>
      {total}, <span class={`state plain ${severity}`}>{bad.length === 0 ? 'all ok' : `${bad.length} not ok`}</span>
      {known > 0 && <span class="faint">, {known === 1 ? '1 problem' : `${known} problems`} acknowledged</span>}
    </span>
  )
}

/** `ok`, `damaged`, `reader dead`: as the screens of `chron-cli` write it. */
function summary({ word, subject, severity }: QueueSummary): string {
  if (severity === 'ok') return 'ok'
  return subject === 'queue' ? word : `${subject} ${word}`
}

function Row({ queue }: { readonly queue: QueueSummary }) {
  const { id, name, severity, writer, conditions, spark } = queue
  return (
    <tr class={severity}>
      <td class="name" title={name}>
        <a href={`#/q/${id}`} aria-label={name}>
          <Name name={name} />
        </a>
      </td>
      <td class="wraps" title={conditions.join('\n')}>
        <State word={summary(queue)} severity={severity} />
        {queue.acknowledged > 0 && <span class="faint optional"> {queue.acknowledged} acknowledged</span>}
      </td>
      <td class="optional">
        <State word={writer.word} severity={writer.severity} />
      </td>
      <td class="number">{rate(queue.perSecond)}</td>
      <td class="optional">
        <Spark points={spark} />
      </td>
      <td class="number">{queue.readers === 0 ? '' : count(queue.lagMessages)}</td>
      <td class="number optional">{queue.readers === 0 ? '' : bytes(queue.lagBytes)}</td>
      <td class="number optional-2">{queue.readers === 0 ? '' : queue.lagMessages === 0 ? '-' : seconds(queue.lagSeconds)}</td>
      <td class="number optional">{bytes(queue.bytes)}</td>
      <td class="number optional">{queue.readers}</td>
    </tr>
  )
}
