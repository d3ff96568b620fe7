import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, type MessagePage, type SearchAnswer, type ShownMessage } from '../api.ts'
import { Loading, MessageView, type PayloadForm, PayloadFormChoice } from '../components.tsx'
import { clock, count } from '../format.ts'

const PAGE = 100
/** Messages that a live tail keeps on the page. */
const TAIL_KEPT = 500

interface MessagesProps {
  readonly id: string
  readonly name: string
  readonly sequence: number | undefined
}

export function MessagesPage({ id, name, sequence }: MessagesProps) {
  const [form, setForm] = useState<PayloadForm>('json')
  const [messages, setMessages] = useState<readonly ShownMessage[]>()
  const [problems, setProblems] = useState<readonly string[]>([])
  const [error, setError] = useState<string>()
  const [isTailing, setTailing] = useState(false)
  const [search, setSearch] = useState<SearchState>()
  const load = async (from: number | undefined) => {
    setSearch(undefined)
    setTailing(false)
    try {
      const start = from === undefined ? '' : `&from=${Math.max(0, from)}`
      const page = await ask<MessagePage>(`/api/queues/${id}/messages?limit=${PAGE}${start}`)
      setMessages(page.messages)
      setProblems(page.problems)
      setError(undefined)
    } catch (cause) {
      setError((cause as Error).message)
    }
  }
  useEffect(() => {
    load(sequence === undefined ? undefined : sequence - 10)
  }, [id, sequence])
  useTail({ id, isTailing, messages, setMessages, setError })
  const shown = search?.matches ?? messages
  const first = messages?.[0]?.sequence
  const last = messages?.at(-1)?.sequence
  return (
    <>
      <h1>Messages of {name}</h1>
      <p>
        <a href={`#/q/${id}`}>the queue</a>
      </p>
      <div class="bar">
        <button type="button" onClick={() => load(0)}>
          oldest
        </button>
        <button type="button" disabled={first === undefined || first === 0} onClick={() => load((first ?? 0) - PAGE)}>
          earlier
        </button>
        <button type="button" disabled={last === undefined} onClick={() => load((last ?? 0) + 1)}>
          later
        </button>
        <button type="button" onClick={() => load(undefined)}>
          newest
        </button>
        <button type="button" aria-pressed={isTailing} onClick={() => setTailing(!isTailing)}>
          {isTailing ? 'stop the tail' : 'tail'}
        </button>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            const wanted = new FormData(event.currentTarget).get('sequence')
            if (/^\d+$/.test(String(wanted))) location.hash = `#/q/${id}/messages/${wanted}`
          }}
        >
          <input name="sequence" aria-label="go to a sequence" placeholder="go to a sequence" inputMode="numeric" size={14} />
        </form>
        <PayloadFormChoice form={form} setForm={setForm} />
        <button type="button" disabled={shown === undefined} onClick={() => copy(shown ?? [])}>
          copy as NDJSON
        </button>
      </div>
      <Search id={id} search={search} setSearch={setSearch} onBegin={() => setTailing(false)} />
      {error !== undefined && <p class="note critical">{error}</p>}
      {problems.map((problem) => (
        <p class="note critical" key={problem}>
          {problem}
        </p>
      ))}
      {shown === undefined && <Loading error={error} />}
      {shown?.length === 0 && <p class="faint">{search === undefined ? 'There is no message.' : 'Nothing was found so far.'}</p>}
      {shown?.map((message) => (
        <MessageView key={message.sequence} message={message} form={form} queueId={id} isChosen={message.sequence === sequence} />
      ))}
    </>
  )
}

/** Asks for what follows, once a second, while the tail runs; stopping it keeps what is on the page. */
function useTail(tail: {
  readonly id: string
  readonly isTailing: boolean
  readonly messages: readonly ShownMessage[] | undefined
  readonly setMessages: (messages: readonly ShownMessage[]) => void
  readonly setError: (error: string | undefined) => void
}) {
  const { id, isTailing, setMessages, setError } = tail
  const current = useRef(tail.messages)
  current.current = tail.messages
  useEffect(() => {
    if (!isTailing) return undefined
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async () => {
      try {
        const last = current.current?.at(-1)?.sequence
        const from = last === undefined ? '' : `&from=${last + 1}`
        const page = await ask<MessagePage>(`/api/queues/${id}/messages?limit=${TAIL_KEPT}${from}`, abort.signal)
        if (page.messages.length > 0) setMessages([...(current.current ?? []), ...page.messages].slice(-TAIL_KEPT))
        setError(undefined)
      } catch (cause) {
        if (!abort.signal.aborted) setError((cause as Error).message)
      }
      if (!abort.signal.aborted) timer = setTimeout(look, 1000)
    }
    look()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [id, isTailing])
}

interface SearchState {
  readonly matches: readonly ShownMessage[]
  readonly looked: number
  /** `null`: unknown. */
  readonly total: number | null
  readonly atNs: string | null
  readonly isRunning: boolean
  readonly isStopped: boolean
}

const MATCHES_MAX = 1000

/** A search that says what it covered, and that ends on request. */
function Search(props: {
  readonly id: string
  readonly search: SearchState | undefined
  readonly setSearch: (search: SearchState | undefined) => void
  readonly onBegin: () => void
}) {
  const { id, search, setSearch, onBegin } = props
  const abort = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => abort.current?.abort(), [id])
  const begin = async (text: string, type: string) => {
    onBegin()
    abort.current?.abort()
    const own = new AbortController()
    abort.current = own
    let state: SearchState = { matches: [], looked: 0, total: 0, atNs: null, isRunning: true, isStopped: false }
    let cursor = ''
    setSearch(state)
    while (state.isRunning) {
      const query = `text=${encodeURIComponent(text)}${type === '' ? '' : `&type=${type}`}${cursor}`
      let result: SearchAnswer
      try {
        result = await ask<SearchAnswer>(`/api/queues/${id}/search?${query}`, own.signal)
      } catch {
        setSearch({ ...state, isRunning: false, isStopped: true })
        return
      }
      const matches = [...state.matches, ...result.matches].sort((a, b) => b.sequence - a.sequence)
      const isFull = matches.length >= MATCHES_MAX
      const looked = state.looked + result.looked
      const isRunning = result.cursor !== null && !isFull
      state = {
        matches: matches.slice(0, MATCHES_MAX),
        looked,
        // The server counts now and then, and the search looks at what is there now.
        total: result.cursor === null ? looked : result.total === null ? null : Math.max(looked, result.total),
        atNs: result.oldestNs ?? state.atNs,
        isRunning,
        isStopped: isFull && result.cursor !== null,
      }
      cursor = result.cursor === null ? '' : `&segment=${result.cursor.segmentId}&offset=${result.cursor.offset}`
      setSearch(state)
    }
  }
  return (
    <form
      class="bar"
      onSubmit={(event) => {
        event.preventDefault()
        const data = new FormData(event.currentTarget)
        begin(String(data.get('text')), String(data.get('type')).trim())
      }}
    >
      <input name="text" aria-label="text to search for" placeholder="search payloads" />
      <input name="type" aria-label="only this type" placeholder="type" size={6} inputMode="numeric" />
      <button type="submit">search</button>
      {search?.isRunning === true && (
        <button type="button" onClick={() => abort.current?.abort()}>
          stop
        </button>
      )}
      {search !== undefined && !search.isRunning && (
        <button type="button" onClick={() => setSearch(undefined)}>
          close the search
        </button>
      )}
      {search !== undefined && (
        <span role="status">
          {search.isRunning ? 'searching: ' : search.isStopped ? 'stopped: ' : 'done: '}
          {count(search.matches.length)} found in {count(search.looked)}
          {search.total === null ? '' : ` of ${count(search.total)}`} messages, back to {clock(search.atNs)}
        </span>
      )}
    </form>
  )
}

function copy(messages: readonly ShownMessage[]): void {
  const lines = messages.map(({ sequence, timestampNs, typeId, length, segment, offset, text, base64 }) =>
    JSON.stringify({ sequence, timestampNs, typeId, length, segment, offset, ...(text === undefined ? { base64 } : { text }) }),
  )
  navigator.clipboard?.writeText(`${lines.join('\n')}\n`)
}
