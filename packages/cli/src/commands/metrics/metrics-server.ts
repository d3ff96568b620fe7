import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { readProgress } from '@chronicle-ts/bridge/progress'
import { messageOfError } from '../../error-report.js'
import { type QueueWatch, WatchedQueues } from '../../queues/watched-queues.js'
import { renderMetrics, renderOpenMetrics } from './render-metrics.js'
import { renderRunbook } from './runbook.js'
import { type Sample, samplesOf, samplesOfUnreadable } from './samples.js'

/** Scrapes that come together share one look. */
const SHARED_LOOK_MS = 250

/** A probe of readiness is answered from a look within this time, or refused. */
const READY_LOOK_MS = 1000

/** Scrapers send small requests. */
const HEADER_BYTES_MAX = 16 * 1024

const RUNBOOK_HEADERS = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "default-src 'none'" }

/** Something that knows the queues below a root. */
export interface MetricsSource {
  look(): QueueWatch
}

/**
 * Serves `/metrics`, `/healthz`, `/readyz` and `/runbook`, which alerts link to. `/healthz` says that the process answers; `/readyz` is 503 while a queue is critical or nothing can be looked at.
 */
export function createMetricsServer(
  root: string,
  source: MetricsSource = new WatchedQueues(root),
  nowMs: () => number = () => performance.now(),
): Server {
  const shared = new SharedLook(source, nowMs)
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => answer(request, response, shared))
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  return server
}

function answer(request: IncomingMessage, response: ServerResponse, shared: SharedLook): void {
  const path = (request.url ?? '/').split('?')[0]
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, 'only GET\n', { Allow: 'GET, HEAD' })
    return
  }
  try {
    if (path === '/metrics') sendMetrics(request, response, shared.take())
    else if (path === '/runbook') send(response, 200, renderRunbook(), RUNBOOK_HEADERS)
    else if (path === '/healthz') send(response, 200, 'ok\n')
    else if (path === '/readyz') sendReady(response, shared.take())
    else send(response, 404, 'there are /metrics, /healthz, /readyz and /runbook\n')
  } catch (error) {
    send(response, 503, `${messageOfError(error)}\n`)
  }
}

function sendMetrics({ headers }: IncomingMessage, response: ServerResponse, watch: QueueWatch): void {
  const samples = samplesOfWatch(watch)
  if (/application\/openmetrics-text/.test(headers.accept ?? '')) {
    const text = `${renderOpenMetrics(samples).join('\n')}\n`
    send(response, 200, text, { 'Content-Type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' })
    return
  }
  const text = `${renderMetrics(samples).join('\n')}\n`
  send(response, 200, text, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
}

function sendReady(response: ServerResponse, { queues, unreadable, lookMs }: QueueWatch): void {
  const critical = queues.find(({ state }) => state.severity === 'critical')
  if (critical !== undefined) send(response, 503, `${critical.name}: ${critical.state.word}\n`)
  else if (queues.length === 0 && unreadable.length > 0) send(response, 503, 'no queue can be read\n')
  else if (lookMs > READY_LOOK_MS) send(response, 503, `a look took ${Math.round(lookMs)} ms\n`)
  else send(response, 200, 'ok\n')
}

function send(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...headers })
  response.end(text)
}

function samplesOfWatch({ queues, unreadable, unlisted }: QueueWatch): Sample[] {
  return [
    ...queues.flatMap(({ name, directory, inspection, state }) =>
      samplesOf({ name, inspection, state, bridges: readProgress(directory) }),
    ),
    ...samplesOfUnreadable(
      unreadable.map(({ name }) => name),
      unlisted,
    ),
  ]
}

class SharedLook {
  #watch: QueueWatch | undefined
  #atMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly source: MetricsSource,
    private readonly nowMs: () => number,
  ) {}

  take(): QueueWatch {
    if (this.#watch === undefined || this.nowMs() - this.#atMs > SHARED_LOOK_MS) {
      this.#watch = this.source.look()
      this.#atMs = this.nowMs()
    }
    return this.#watch
  }
}
