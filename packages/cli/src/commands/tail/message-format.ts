import { isUtf8 } from 'node:buffer'
import type { ColdRecord } from '@chronicle-ts/inspect'
import { UsageError } from '../../command-error.js'
import type { DecodedRecord } from '../../messages/record-decoder.js'
import type { Output } from '../../output/output.js'
import { printable, printableLines } from '../../output/printable.js'
import { formatTime } from '../../output/times.js'
import { wrapText } from '../../output/wrap.js'
import { hexdump } from './hexdump.js'

export const MESSAGE_FORMATS = ['text', 'utf8', 'json', 'hex', 'base64', 'raw'] as const
export type MessageFormat = (typeof MESSAGE_FORMATS)[number]

/** What is known of a message beside its record. */
export interface MessageFacts {
  /** Given when there are several. */
  readonly queue?: string | undefined
  /** Its fields, where the queue's registry holds its type. */
  readonly decoded?: DecodedRecord | undefined
  /** Fields that stand after all others. */
  readonly more?: object | undefined
}

/** Prints one message. */
export type PrintMessage = (record: ColdRecord, facts: MessageFacts) => void

/** The printer for a format. */
export function messagePrinter(output: Output, format: MessageFormat, maxBytes: number): PrintMessage {
  switch (format) {
    case 'json':
      return (record, facts) => output.line(messageAsJson(record, facts))
    case 'raw':
      return (record) => output.bytes(record.payload)
    case 'hex':
      return (record) => output.line(asText(record, () => record.payload.toString('hex')))
    case 'base64':
      return (record) => output.line(asText(record, () => record.payload.toString('base64')))
    case 'utf8':
      return (record) => {
        const text = asText(record, () => record.payload.toString('utf8'))
        output.line(output.isTerminal ? printableLines(text) : text)
      }
    case 'text':
      return (record, facts) => printText(output, record, facts, maxBytes)
  }
}

/** One line of NDJSON. The fields and their order are part of the command's contract. */
export function messageAsJson(record: ColdRecord, { queue, decoded, more }: MessageFacts = {}): string {
  const { sequence, typeId, payload, segmentId, offset } = record
  const place = {
    sequence,
    timestampNs: record.timestampNs.toString(),
    typeId,
    length: payload.length,
    segment: segmentId,
    offset,
  }
  return asText(record, () => {
    const content = isUtf8(payload) ? { text: payload.toString('utf8') } : { base64: payload.toString('base64') }
    const said = { ...decodedFields(decoded, record), ...extensionFields(record) }
    return JSON.stringify({ ...(queue !== undefined && { queue }), ...place, ...content, ...said, ...more })
  })
}

/** What an appender added beside the payload; left out where it added nothing. */
function extensionFields({ trace, source }: ColdRecord): object {
  return {
    ...(trace !== undefined && { trace: { ...trace, traceId: hex(trace.traceId), spanId: hex(trace.spanId) } }),
    ...(source !== undefined && { source }),
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A type that the registry does not hold has the version that its record says, and no fields. */
function decodedFields(decoded: DecodedRecord | undefined, record: ColdRecord): object {
  if (decoded === undefined) return record.schemaVersion === 0 ? {} : { schemaVersion: record.schemaVersion }
  const { type, version: schemaVersion } = decoded
  return decoded.kind === 'bad'
    ? { type, schemaVersion, decodeError: decoded.detail }
    : { type, schemaVersion, fields: decoded.fields }
}

/** Makes text of a payload. A string holds half a gigabyte at most, and escapes and base64 make more of it. */
function asText({ payload, sequence }: ColdRecord, make: () => string): string {
  try {
    return make()
  } catch (cause) {
    const isTooLong = cause instanceof RangeError || (cause as NodeJS.ErrnoException).code === 'ERR_STRING_TOO_LONG'
    if (!isTooLong) throw cause
    throw new UsageError(
      `message ${sequence} has ${payload.length} bytes, too many to be written as text: --format raw writes any`,
      { cause },
    )
  }
}

function printText(output: Output, record: ColdRecord, { queue, decoded }: MessageFacts, maxBytes: number): void {
  const { sequence, timestampNs, typeId, payload, segmentId, offset } = record
  const where = queue === undefined ? '' : `${printable(queue)}  `
  const place = output.palette.faint(`segment ${segmentId} offset ${offset}`)
  output.line(
    `${output.palette.heading(`${where}#${sequence}`)}  ${formatTime(timestampNs)}  type ${typeName(typeId, decoded)}  ${payload.length} bytes  ${place}`,
  )
  if (decoded?.kind === 'decoded') {
    output.lines(fieldLines(decoded.fields, output.width))
    return
  }
  if (decoded !== undefined) output.line(output.palette.warning(`  ${printable(decoded.detail)}`))
  const shown = maxBytes === 0 ? payload : payload.subarray(0, maxBytes)
  output.lines(isReadable(payload) ? textLines(shown) : hexdump(shown, output.width))
  if (shown.length < payload.length) output.line(output.palette.faint(`  … ${payload.length - shown.length} more bytes`))
}

function typeName(typeId: number, decoded: DecodedRecord | undefined): string {
  if (decoded === undefined) return String(typeId)
  return `${typeId} ${decoded.type}${decoded.version === 0 ? '' : ` v${decoded.version}`}`
}

/** `name=value`, as many per line as fit. */
function fieldLines(fields: unknown, width: number | undefined): string[] {
  const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields)
  const parts = isObject
    ? Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    : [JSON.stringify(fields)]
  // A part stays in one piece: blanks inside of it do not break the line.
  const text = parts.map((part) => printable(part).replaceAll(' ', '\u00a0')).join(' ')
  const lines = wrapText(text, width === undefined ? undefined : width - 2)
  return lines.map((line) => `  ${line.replaceAll('\u00a0', ' ')}`)
}

/** Whether a payload is text that a person reads: UTF-8 without control characters but for ends of lines and tabs. JSON is. */
function isReadable(payload: Buffer): boolean {
  if (payload.length === 0 || payload.length > READABLE_LENGTH_MAX || !isUtf8(payload)) return false
  return !UNREADABLE.test(payload.toString('utf8'))
}

/** Longer text is not a message to be read on a screen. */
const READABLE_LENGTH_MAX = 1024 * 1024
const UNREADABLE = /[^\P{Cc}\n\r\t]/u

/** A character that was cut in the middle is left out. */
function textLines(shown: Buffer): string[] {
  let text = shown
  for (let cut = 0; cut < 3 && !isUtf8(text); cut += 1) text = text.subarray(0, -1)
  return text
    .toString('utf8')
    .split('\n')
    .map((line) => `  ${printable(line)}`)
}
