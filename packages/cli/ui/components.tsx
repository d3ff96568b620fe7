import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { ask, type Severity, type ShownMessage } from './api.ts'
import { hex, time } from './format.ts'

/** What may be wider than the screen: it scrolls by itself, by the keyboard too. */
export function Scroll({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll what is wider than the screen
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}

export function State({ word, severity }: { readonly word: string; readonly severity: Severity }) {
  return <span class={`state ${severity} ${word === 'closed' ? 'quiet' : ''}`}>{word}</span>
}

/** A name that is cut in the middle where it does not fit: its end matters more than its beginning. */
export function Name({ name }: { readonly name: string }) {
  const at = name.length - NAME_END < NAME_BEGIN_MIN ? 0 : name.length - NAME_END
  return (
    <span class="cut" title={name}>
      {at > 0 && <span class="cut-begin">{name.slice(0, at)}</span>}
      <span class="cut-end">{name.slice(at)}</span>
    </span>
  )
}

const NAME_END = 12
/** A beginning of fewer characters is not worth an ellipsis. */
const NAME_BEGIN_MIN = 4

/** Rates as a line, the highest one at the top. */
export function Spark({ points }: { readonly points: readonly number[] }) {
  const highest = Math.max(...points, 1)
  const step = points.length < 2 ? 0 : 100 / (points.length - 1)
  const line = points.map((point, index) => `${(index * step).toFixed(1)},${(19 - (point / highest) * 18).toFixed(1)}`).join(' ')
  return (
    <svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={line} />
    </svg>
  )
}

/** Asks for a path now and every `everyMs`; the last answer stays while the next one is awaited. */
export function useAsked<Result>(
  path: string,
  everyMs?: number,
): { readonly value: Result | undefined; readonly error: string | undefined } {
  const [answer, setAnswer] = useState<{ path: string; value?: Result; error?: string }>({ path })
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async () => {
      try {
        setAnswer({ path, value: await ask<Result>(path, abort.signal) })
      } catch (error) {
        if (!abort.signal.aborted) setAnswer((last) => ({ ...last, path, error: (error as Error).message }))
      }
      if (everyMs !== undefined && !abort.signal.aborted) timer = setTimeout(look, everyMs)
    }
    look()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs])
  return answer.path === path ? { value: answer.value, error: answer.error } : { value: undefined, error: undefined }
}

export function Loading({ error }: { readonly error: string | undefined }) {
  return error === undefined ? <p class="looking">looking...</p> : <p class="note critical">{error}</p>
}

/** Whole ones: a wide chart of a few seconds has room for more ticks than seconds. */
const SECONDS_BETWEEN_TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 300]

/** From zero up, so that a small change looks small; a chart of zeros alone still has a height. */
function fromZero(_: uPlot, __: number | null, highest: number | null): [number, number] {
  return [0, Math.max(1, (highest ?? 0) * 1.1)]
}

/** A chart of the last fifteen minutes. */
export function Chart({
  title,
  at,
  values,
}: {
  readonly title: string
  readonly at: number[]
  readonly values: (number | null)[]
}) {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | undefined>(undefined)
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const style = getComputedStyle(element)
    const axis = { stroke: style.getPropertyValue('--faint'), grid: { stroke: style.getPropertyValue('--line'), width: 1 } }
    const made = new uPlot(
      {
        title,
        width: element.clientWidth,
        height: 180,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { range: fromZero } },
        axes: [
          {
            ...axis,
            incrs: SECONDS_BETWEEN_TICKS,
            values: (_, ticks) => ticks.map((tick) => (tick === 0 ? 'now' : `${tick} s`)),
          },
          { ...axis, size: 62 },
        ],
        series: [{}, { stroke: style.getPropertyValue('--accent'), width: 1.5 }],
      },
      [at, values] as uPlot.AlignedData,
      element,
    )
    chart.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: 180 }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [title])
  useEffect(() => chart.current?.setData([at, values] as uPlot.AlignedData), [at, values])
  return <div ref={box} role="img" aria-label={title} />
}

export type PayloadForm = 'text' | 'json' | 'hex'

/** Chooses how payloads are shown. */
export function PayloadFormChoice({
  form,
  setForm,
}: {
  readonly form: PayloadForm
  readonly setForm: (form: PayloadForm) => void
}) {
  return (
    <label>
      as{' '}
      <select value={form} onChange={(event) => setForm(event.currentTarget.value as PayloadForm)}>
        <option value="json">fields or JSON</option>
        <option value="text">text</option>
        <option value="hex">bytes</option>
      </select>
    </label>
  )
}

export function MessageView(props: {
  readonly message: ShownMessage
  readonly form: PayloadForm
  readonly queueId: string
  readonly isChosen?: boolean
  readonly children?: ComponentChildren
}) {
  const { message, form, queueId, isChosen, children } = props
  const { sequence, timestampNs, typeId, length, segment, offset, isCut, traceId, type, schemaVersion, decodeError } = message
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isChosen === true) box.current?.scrollIntoView({ block: 'center' })
  }, [isChosen])
  return (
    <div ref={box} class={isChosen === true ? 'message chosen' : 'message'}>
      <div class="facts">
        {children}
        <a href={`#/q/${queueId}/messages/${sequence}`} title="a permanent link to this message">
          #{sequence.toLocaleString('en')}
        </a>
        <span>{time(timestampNs)}</span>
        <span>
          type {typeId}
          {type !== undefined && ` ${type}`}
          {schemaVersion !== undefined && schemaVersion > 0 && ` v${schemaVersion}`}
        </span>
        <span>{length.toLocaleString('en')} bytes</span>
        <span class="optional">
          segment {segment} offset {offset}
        </span>
        {traceId !== undefined && <a href={`#/trace/${traceId}`}>trace</a>}
        {isCut && (
          <a href={`/api/queues/${queueId}/messages/${sequence}`} download={`message-${sequence}.bin`}>
            the first 64 KiB; download all
          </a>
        )}
      </div>
      {decodeError !== undefined && <p class="note warning">not decoded: {decodeError}</p>}
      <pre>{payloadText(message, form)}</pre>
    </div>
  )
}

/** What is shown of a payload: always as text of the page, never as markup. */
export function payloadText({ text, base64, fields }: ShownMessage, form: PayloadForm): string {
  if (form === 'json' && fields !== undefined) return JSON.stringify(fields, undefined, 2)
  if (form === 'hex' || text === undefined) return hex(payloadBytes({ text, base64 }))
  if (form === 'text') return text
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}

function payloadBytes({
  text,
  base64,
}: {
  readonly text?: string | undefined
  readonly base64?: string | undefined
}): Uint8Array {
  if (text !== undefined) return new TextEncoder().encode(text)
  return Uint8Array.from(atob(base64 ?? ''), (character) => character.charCodeAt(0))
}
