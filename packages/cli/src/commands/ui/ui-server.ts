import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { readProgress } from '@chronicle-ts/bridge/progress'
import { findTrace, type QueueInspection } from '@chronicle-ts/inspect'
import { messageOfError } from '../../error-report.js'
import { toJsonLine } from '../../output/json.js'
import { displayName } from '../../queues/queue-names.js'
import { PAGE_LENGTH_MAX, readMerged, readPage, readPayload, searchMessages } from './message-pages.js'
import { LOOK_INTERVAL_MS, type QueueCatalog, trendOf } from './queue-catalog.js'
import { type RequestGuard, SECURITY_HEADERS } from './request-guard.js'
import type { MergedPage } from './shown-message.js'

/** What the build made of `packages/cli/ui`. */
const ASSETS: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.mjs': ['app.mjs', 'text/javascript; charset=utf-8'],
  '/app.css': ['app.css', 'text/css; charset=utf-8'],
}

const HEADER_BYTES_MAX = 16 * 1024
const PAGE_LENGTH = 100
const MERGED_QUEUES_MAX = 50
const TRACE_MS = 2000

export interface UiServerOptions {
  readonly catalog: Pick<QueueCatalog, 'root' | 'snapshot' | 'snapshotText' | 'find' | 'all' | 'decoderOf'>
  readonly guard: RequestGuard
  /** Folder of the built page; its own by default. */
  readonly assets?: string
  /** @internal Repeats a task until the returned function is called; tests call it themselves. Default: once a second. */
  readonly repeat?: (task: () => void) => () => void
}

type Answer = object | undefined | Promise<object | undefined>

/** Serves the dashboard: read-only, GET only, and every request passes the guard before it is routed. */
export function createUiServer(options: UiServerOptions): Server {
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: messageOfError(error) })
    })
  })
  server.headersTimeout = 10_000
  return server
}

async function answer(request: IncomingMessage, response: ServerResponse, options: UiServerOptions): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const asset = Object.hasOwn(ASSETS, url.pathname) ? ASSETS[url.pathname] : undefined
  const isSession = url.pathname === '/api/session'
  const refusal = options.guard.refusalOf(request, asset !== undefined || isSession)
  if (refusal !== undefined) {
    sendJson(response, refusal.status, { error: refusal.reason })
    return
  }
  if (url.pathname === '/favicon.ico') {
    // Browsers ask for it, and there is none.
    response.writeHead(204, SECURITY_HEADERS).end()
    return
  }
  if (asset !== undefined) sendAsset(response, asset, options.assets)
  else if (isSession) startSession(request, response, options.guard)
  else if (url.pathname === '/api/events') streamSnapshots(request, response, options)
  else await answerApi(url, response, options.catalog)
}

function startSession(request: IncomingMessage, response: ServerResponse, guard: RequestGuard): void {
  const cookie = guard.cookieFor(request)
  if (cookie === undefined) sendJson(response, 401, { error: 'this token is not the one that chron-cli printed' })
  else sendJson(response, 200, {}, { 'Set-Cookie': cookie })
}

async function answerApi(url: URL, response: ServerResponse, catalog: UiServerOptions['catalog']): Promise<void> {
  const [, , kind = '', id = '', part = '', sequence = ''] = url.pathname.split('/')
  if (kind === 'queues' && part === 'messages' && sequence !== '') {
    sendPayload(response, catalog, { id, sequence: Number(sequence) })
    return
  }
  const result = await resultOf({ kind, id, part, parameters: url.searchParams }, catalog)
  if (result === undefined) sendJson(response, 404, { error: 'there is nothing here' })
  else sendJson(response, 200, result)
}

interface ApiRequest {
  readonly kind: string
  readonly id: string
  readonly part: string
  readonly parameters: URLSearchParams
}

function resultOf({ kind, id, part, parameters }: ApiRequest, catalog: UiServerOptions['catalog']): Answer {
  if (kind === 'queues' && id === '') return catalog.snapshot()
  if (kind === 'merged') return mergedOf(catalog, limitOf(parameters))
  if (kind === 'trace') return traceOf(catalog, id)
  const queue = kind === 'queues' ? catalog.find(id) : undefined
  if (queue === undefined) return undefined
  const { inspection, state, history, directory } = queue
  if (part === '') {
    const bridges = readProgress(directory)
    return { id, name: displayName(catalog.root, directory), inspection, state, bridges, trend: trendOf(history.trend) }
  }
  const shown = { directory, decoder: catalog.decoderOf(directory) }
  if (part === 'messages') return readPage(shown, startOf(parameters), limitOf(parameters))
  if (part !== 'search') return undefined
  const { firstId: first, lastId: last } = inspection.segments
  const cursor = cursorOf(parameters)
  const query = { text: parameters.get('text') ?? '', typeId: countOf(parameters, 'type'), cursor }
  if (first === undefined || last === undefined)
    return { matches: [], looked: 0, newestNs: null, oldestNs: null, cursor: null, total: 0 }
  const total = messagesIn(inspection)
  return searchMessages(shown, { first, last: inspection.head.segmentId ?? last }, query).then((found) => ({
    ...found,
    total,
  }))
}

/** `null` where damage hides where the queue begins or ends. */
function messagesIn({ head, first }: QueueInspection): number | null {
  return head.nextSequence === undefined || first === undefined ? null : head.nextSequence - first.sequence
}

function mergedOf(catalog: UiServerOptions['catalog'], limit: number): MergedPage {
  const all = catalog.all()
  const queues = all.slice(0, MERGED_QUEUES_MAX).map(({ id, queue: { directory } }) => ({
    id,
    name: displayName(catalog.root, directory),
    directory,
    decoder: catalog.decoderOf(directory),
  }))
  return { messages: readMerged(queues, limit), queues: queues.length, leftOut: all.length - queues.length }
}

async function traceOf(catalog: UiServerOptions['catalog'], traceId: string): Promise<object | undefined> {
  if (!/^[0-9a-f]{32}$/.test(traceId)) return undefined
  const all = catalog.all()
  const found = await findTrace(
    all.map(({ queue }) => queue.directory),
    traceId,
    { timeoutMs: TRACE_MS },
  )
  const hops = found.hops.map(({ directory, ...hop }) => {
    const owner = all.find(({ queue }) => queue.directory === directory)
    return { ...hop, id: owner?.id, queue: owner && displayName(catalog.root, directory) }
  })
  return { ...found, hops }
}

function startOf(parameters: URLSearchParams): { last: number } | { sequence: number } {
  const sequence = countOf(parameters, 'from')
  return sequence === undefined ? { last: limitOf(parameters) } : { sequence }
}

function limitOf(parameters: URLSearchParams): number {
  return Math.max(1, Math.min(PAGE_LENGTH_MAX, countOf(parameters, 'limit') ?? PAGE_LENGTH))
}

function cursorOf(parameters: URLSearchParams): { segmentId: number; offset: number } | undefined {
  const segmentId = countOf(parameters, 'segment')
  const offset = countOf(parameters, 'offset')
  return segmentId === undefined || offset === undefined || offset % 64 !== 0 || offset === 0 ? undefined : { segmentId, offset }
}

function countOf(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name) ?? ''
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(count) ? count : undefined
}

/** A download, never a page: its type says nothing, and the browser may not guess one. */
function sendPayload(
  response: ServerResponse,
  catalog: UiServerOptions['catalog'],
  { id, sequence }: { id: string; sequence: number },
): void {
  const queue = catalog.find(id)
  const payload = queue === undefined || !Number.isSafeInteger(sequence) ? undefined : readPayload(queue.directory, sequence)
  if (payload === undefined) {
    sendJson(response, 404, { error: 'there is no such message' })
    return
  }
  response.writeHead(200, {
    ...SECURITY_HEADERS,
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="message-${sequence}.bin"`,
    'Content-Length': payload.length,
  })
  response.end(payload)
}

/** A browser that takes less than is sent gets the next snapshot later, and no backlog. */
function streamSnapshots(
  request: IncomingMessage,
  response: ServerResponse,
  { catalog, repeat = everyLook }: UiServerOptions,
): void {
  response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': 'text/event-stream' })
  const send = () => {
    if (!response.writableNeedDrain) response.write(`data: ${catalog.snapshotText()}\n\n`)
  }
  send()
  request.on('close', repeat(send))
}

function everyLook(task: () => void): () => void {
  const timer = setInterval(task, LOOK_INTERVAL_MS)
  return () => clearInterval(timer)
}

function sendAsset(response: ServerResponse, [file, type]: readonly [string, string], folder = defaultAssets()): void {
  const stream = createReadStream(`${folder}/${file}`)
  stream.once('open', () => {
    response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': type })
    stream.pipe(response)
  })
  stream.once('error', () => sendJson(response, 500, { error: 'the page was not built: npm run build' }))
}

/** Beside the compiled command: `dist/ui`; run from the sources it is the same folder. */
function defaultAssets(): string {
  return fileURLToPath(new URL('../../../dist/ui', import.meta.url))
}

function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'Content-Type': 'application/json; charset=utf-8', ...headers })
  response.end(toJsonLine(body))
}
