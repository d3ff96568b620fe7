import { isUtf8 } from 'node:buffer'
import type { ColdRecord } from '@chronicle-ts/inspect'

/** Fields of a CSV line, in order; the first line names them (RFC 4180). Those after the payload are empty where the appender gave none. */
export const CSV_FIELDS = [
  'sequence',
  'timestampNs',
  'typeId',
  'length',
  'segment',
  'offset',
  'encoding',
  'payload',
  'schemaVersion',
  'traceId',
  'spanId',
  'sampled',
  'sourceSequence',
  'sourceId',
  'sourceEpoch',
  'outputIndex',
  'isLastOutput',
  'random',
] as const

export function csvHeader(): string {
  return CSV_FIELDS.join(',')
}

/** What makes a spreadsheet run a cell instead of showing it. */
const BEGINS_FORMULA = /^[=+\-@\t\r]/

/** One message; `encoding` says whether `payload` is text or base64. With `safe`, text that a spreadsheet would run gets an apostrophe in front. */
export function messageAsCsv(record: ColdRecord, { safe = false } = {}): string {
  const { sequence, timestampNs, typeId, payload, segmentId, offset } = record
  const isText = isUtf8(payload)
  const content = isText ? csvCell(payload.toString('utf8'), safe) : payload.toString('base64')
  const place = [sequence, timestampNs, typeId, payload.length, segmentId, offset]
  return [...place, isText ? 'text' : 'base64', content, ...contextCells(record)].join(',')
}

/** What an appender added beside the payload. */
function contextCells({ schemaVersion, trace, source }: ColdRecord): (string | number | boolean)[] {
  const traced = trace === undefined ? ['', '', ''] : [hex(trace.traceId), hex(trace.spanId), trace.sampled]
  const made =
    source === undefined
      ? ['', '', '', '', '']
      : [source.sourceSequence, source.sourceId, source.sourceEpoch, source.outputIndex, source.isLastOutput]
  return [schemaVersion === 0 ? '' : schemaVersion, ...traced, ...made, trace === undefined ? '' : trace.random]
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A cell, quoted where it must be. With `safe`, text that a spreadsheet would run gets an apostrophe in front. */
export function csvCell(text: string, safe: boolean): string {
  const harmless = safe && BEGINS_FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
