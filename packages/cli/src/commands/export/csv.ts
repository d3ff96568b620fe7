import { isUtf8 } from 'node:buffer'
import type { ColdRecord } from '@chronicle-ts/inspect'

/** Fields of a CSV line, in order; the first line names them (RFC 4180). */
export const CSV_FIELDS = ['sequence', 'timestampNs', 'typeId', 'length', 'segment', 'offset', 'encoding', 'payload'] as const

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
  return [sequence, timestampNs, typeId, payload.length, segmentId, offset, isText ? 'text' : 'base64', content].join(',')
}

/** A cell, quoted where it must be. With `safe`, text that a spreadsheet would run gets an apostrophe in front. */
export function csvCell(text: string, safe: boolean): string {
  const harmless = safe && BEGINS_FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
