import { isUtf8 } from 'node:buffer'
import type { ColdRecord } from '@chronicle-ts/core'

/** Fields of a CSV line, in order; the first line names them (RFC 4180). */
export const CSV_FIELDS = ['sequence', 'timestampNs', 'typeId', 'length', 'segment', 'offset', 'encoding', 'payload'] as const

export function csvHeader(): string {
  return CSV_FIELDS.join(',')
}

/** One message; `encoding` says whether `payload` is text or base64. */
export function messageAsCsv(record: ColdRecord): string {
  const { sequence, timestampNs, typeId, payload, segmentId, offset } = record
  const isText = isUtf8(payload)
  const content = isText ? csvText(payload.toString('utf8')) : payload.toString('base64')
  return [sequence, timestampNs, typeId, payload.length, segmentId, offset, isText ? 'text' : 'base64', content].join(',')
}

/** Takes the fields of one CSV record apart, which may span lines; `undefined` while a quoted field is still open. */
export function parseCsvRecord(text: string): string[] | undefined {
  const fields: string[] = []
  let at = 0
  for (;;) {
    const quoted = text[at] === '"'
    const end = quoted ? endOfQuoted(text, at + 1) : endOfPlain(text, at)
    if (end < 0) return undefined
    fields.push(quoted ? text.slice(at + 1, end).replaceAll('""', '"') : text.slice(at, end))
    at = quoted ? end + 1 : end
    if (at >= text.length) return fields
    at += 1
  }
}

function csvText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function endOfPlain(text: string, from: number): number {
  const comma = text.indexOf(',', from)
  return comma < 0 ? text.length : comma
}

/** Index of the closing quote, or -1. */
function endOfQuoted(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return -1
}
