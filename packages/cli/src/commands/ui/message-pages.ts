import { isUtf8 } from 'node:buffer'
import { setImmediate as turn } from 'node:timers/promises'
import { type ColdRecord, openColdReader } from '@chronicle-ts/inspect'
import type { RecordDecoder } from '../../messages/record-decoder.js'
import type { MergedMessage, MessagePage, SearchCursor, SearchResult, ShownMessage } from './shown-message.js'

/** Payload bytes that stand in a page; the rest is a download. */
const SHOWN_BYTES_MAX = 64 * 1024

/** Messages of a page, at most. */
export const PAGE_LENGTH_MAX = 500

/** Payload bytes of a whole page, so that a hundred large messages do not become hundreds of megabytes. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024

/** Time that one request may search, and time between two turns of the event loop. */
const SEARCH_MS = 200
const SLICE_MS = 10

export type PageStart = { readonly last: number } | { readonly sequence: number }

/** A queue whose messages are shown. */
export interface ShownQueue {
  readonly directory: string
  /** Knows the types of its schema registry. */
  readonly decoder: RecordDecoder
}

/** Some messages in the order of their sequences. */
export function readPage({ directory, decoder }: ShownQueue, from: PageStart, limit: number): MessagePage {
  using reader = openColdReader(directory, { from, to: 'present' })
  const messages: ShownMessage[] = []
  const problems: string[] = []
  let bytes = 0
  for (const item of reader) {
    if (item.kind === 'problem') problems.push(item.problem.message)
    if (item.kind !== 'record') continue
    if (messages.length >= limit) return { messages, problems, nextSequence: item.sequence }
    const room = Math.max(0, Math.min(SHOWN_BYTES_MAX, PAGE_BYTES_MAX - bytes))
    messages.push(shownMessage(item, room, decoder))
    bytes += Math.min(item.payload.length, room)
  }
  return { messages, problems, nextSequence: null }
}

/** The whole payload of one message; `undefined` when there is no message with this sequence. */
export function readPayload(directory: string, sequence: number): Buffer | undefined {
  using reader = openColdReader(directory, { from: { sequence }, to: 'present' })
  for (const item of reader) if (item.kind === 'record') return item.sequence === sequence ? Buffer.from(item.payload) : undefined
  return undefined
}

export interface SearchQuery {
  /** Bytes that the payload must contain. */
  readonly text: string
  readonly typeId: number | undefined
  /** Where the next request continues: the segment, and the offset in it. */
  readonly cursor: SearchCursor | undefined
}

/**
 * Searches payloads from the newest segment to the oldest, for a fifth of a second at a time. The caller asks again with the cursor, shows what was covered, and stops when it
 * likes. So a search
 * never hides how far it is, and no request keeps others waiting.
 */
export async function searchMessages(
  { directory, decoder }: ShownQueue,
  segmentIds: { readonly first: number; readonly last: number },
  { text, typeId, cursor }: SearchQuery,
): Promise<SearchResult> {
  const needle = Buffer.from(text)
  const from = cursor ?? { segmentId: segmentIds.last, offset: 64 }
  const segmentId = Math.min(from.segmentId, segmentIds.last)
  const begun = performance.now()
  const matches: ShownMessage[] = []
  let [looked, bytes, sliceMs] = [0, 0, begun]
  let newest: bigint | undefined
  let oldest: bigint | undefined
  using reader = openColdReader(directory, { from: { segmentId, offset: from.offset }, to: 'present', checkPayloads: false })
  for (const item of reader) {
    if (item.segmentId !== segmentId) break
    if (item.kind !== 'record') continue
    looked += 1
    oldest ??= item.timestampNs
    newest = item.timestampNs
    if ((typeId === undefined || item.typeId === typeId) && (needle.length === 0 || item.payload.includes(needle))) {
      matches.push(shownMessage(item, SHOWN_BYTES_MAX, decoder))
      bytes += Math.min(item.payload.length, SHOWN_BYTES_MAX)
    }
    const isFull = matches.length >= PAGE_LENGTH_MAX || bytes > PAGE_BYTES_MAX
    if (looked % 512 !== 0 && !isFull) continue
    const nowMs = performance.now()
    if (isFull || nowMs - begun > SEARCH_MS) return resultOf({ matches, looked, newest, oldest }, { ...reader.position })
    if (nowMs - sliceMs > SLICE_MS) {
      await turn()
      sliceMs = performance.now()
    }
  }
  const before = segmentId - 1
  return resultOf({ matches, looked, newest, oldest }, before < segmentIds.first ? null : { segmentId: before, offset: 64 })
}

function resultOf(
  {
    matches,
    looked,
    newest,
    oldest,
  }: { matches: ShownMessage[]; looked: number; newest: bigint | undefined; oldest: bigint | undefined },
  cursor: SearchResult['cursor'],
): SearchResult {
  return { matches, looked, newestNs: newest?.toString() ?? null, oldestNs: oldest?.toString() ?? null, cursor }
}

/** The last messages of several queues in the order of their times. */
export function readMerged(
  queues: readonly (ShownQueue & { readonly id: string; readonly name: string })[],
  limit: number,
): MergedMessage[] {
  const all = queues.flatMap(({ id, name, ...queue }) => {
    try {
      return readPage(queue, { last: limit }, limit).messages.map((message) => ({ ...message, queue: name, id }))
    } catch {
      // It vanished since it was found.
      return []
    }
  })
  return all.sort((a, b) => compareTimes(a.timestampNs, b.timestampNs)).slice(-limit)
}

function compareTimes(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0)
}

function shownMessage(record: ColdRecord, shownBytes: number, decoder: RecordDecoder): ShownMessage {
  const { sequence, timestampNs, typeId, payload, segmentId, offset, trace } = record
  const shown = payload.subarray(0, shownBytes)
  const text = textOf(shown, shown.length < payload.length)
  return {
    sequence,
    timestampNs: timestampNs.toString(),
    typeId,
    length: payload.length,
    segment: segmentId,
    offset,
    ...(text === undefined ? { base64: shown.toString('base64') } : { text }),
    isCut: shown.length < payload.length,
    ...(trace !== undefined && { traceId: Buffer.from(trace.traceId).toString('hex') }),
    ...(payload.length <= SHOWN_BYTES_MAX && fieldsOf(record, decoder)),
  }
}

/** What the schema registry says of a message; nothing for a type that it does not hold. */
function fieldsOf(record: ColdRecord, decoder: RecordDecoder): Partial<ShownMessage> {
  const decoded = decoder.decode(record)
  if (decoded === undefined) return {}
  const { type, version: schemaVersion } = decoded
  if (decoded.kind === 'bad') return { type, schemaVersion, decodeError: decoded.detail }
  return { type, schemaVersion, fields: decoded.fields }
}

/** A character that was cut in the middle is left out. */
function textOf(shown: Buffer, isCut: boolean): string | undefined {
  for (let cut = 0; cut < (isCut ? 4 : 1); cut += 1) {
    const part = shown.subarray(0, shown.length - cut)
    if (isUtf8(part)) return part.toString('utf8')
  }
  return undefined
}
