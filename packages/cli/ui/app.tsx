import { type ComponentChild, render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ask, type Snapshot, startSession } from './api.ts'
import { Loading } from './components.tsx'
import { MergedPage } from './views/merged-page.tsx'
import { MessagesPage } from './views/messages-page.tsx'
import { QueueList } from './views/queue-list.tsx'
import { QueuePage } from './views/queue-page.tsx'
import { TracePage } from './views/trace-page.tsx'

function App() {
  const hash = useHash()
  const { snapshot, error, isConnected } = useSnapshots()
  return (
    <>
      <header>
        <strong>
          <a href="#/">chronicle</a>
        </strong>
        <nav aria-label="views">
          <a href="#/">queues</a>
          <a href="#/merged">merged</a>
          <a href="#/trace">trace</a>
        </nav>
        <span class="root">{snapshot?.root}</span>
        <span class="faint">{snapshot === undefined ? '' : `${snapshot.at.slice(11, 19)} UTC`}</span>
      </header>
      {!isConnected && snapshot !== undefined && (
        <div class="gone" role="alert">
          The server does not answer. What is shown is of {snapshot.at.slice(11, 19)} UTC.
        </div>
      )}
      <main>{snapshot === undefined ? <Loading error={error} /> : <View hash={hash} snapshot={snapshot} />}</main>
    </>
  )
}

function View({ hash, snapshot }: { readonly hash: string; readonly snapshot: Snapshot }) {
  const [kind, id, part, sequence] = hash.replace(/^#\/?/, '').split('/')
  if (kind === 'merged') return <MergedPage />
  if (kind === 'trace') return <TracePage traceId={id} />
  if (kind === 'q' && id !== undefined && part === 'messages')
    return (
      <MessagesPage
        key={id}
        id={id}
        name={nameOf(snapshot, id)}
        sequence={sequence === undefined ? undefined : Number(sequence)}
      />
    )
  if (kind === 'q' && id !== undefined) return <QueuePage key={id} id={id} />
  return <QueueList snapshot={snapshot} />
}

/** Its id, where the queue is gone. */
function nameOf({ queues }: Snapshot, id: string): string {
  return queues.find((queue) => queue.id === id)?.name ?? id
}

function useHash(): string {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const onChange = () => setHash(location.hash)
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return hash
}

function useSnapshots(): {
  readonly snapshot: Snapshot | undefined
  readonly error: string | undefined
  readonly isConnected: boolean
} {
  const [snapshot, setSnapshot] = useState<Snapshot>()
  const [error, setError] = useState<string>()
  const [isConnected, setConnected] = useState(true)
  useEffect(() => {
    // An event source does not say why it was refused; a request does.
    ask<Snapshot>('/api/queues').then(setSnapshot, (cause: Error) => setError(cause.message))
    const events = new EventSource('/api/events')
    events.onmessage = ({ data }) => {
      setSnapshot(JSON.parse(data))
      setConnected(true)
    }
    events.onerror = () => setConnected(false)
    return () => events.close()
  }, [])
  return { snapshot, error, isConnected }
}

const place = document.getElementById('app')
if (place !== null) {
  const show = (view: ComponentChild) => {
    // The line that stands there before the script runs.
    place.textContent = ''
    render(view, place)
  }
  startSession().then(
    () => show(<App />),
    (error: Error) => show(<Loading error={error.message} />),
  )
}
