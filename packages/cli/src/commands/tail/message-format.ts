import { isUtf8 } from 'node:buffer'
import type { ColdRecord } from '@chronicle-ts/inspect'
import { UsageError } from '../../error-report.js'
import type { Output } from '../../output/output.js'
import { printable, printableLines } from '../../output/printable.js'
import { formatTime } from '../../output/times.js'
import { hexdump } from './hexdump.js'

export const MESSAGE_FORMATS = ['text', 'utf8', 'json', 'hex', 'base64', 'raw'] as const
export type MessageFormat = (typeof MESSAGE_FORMATS)[number]

/** Prints one message; `queue` is given when there are several. */
export type PrintMessage = (record: ColdRecord, queue?: string) => void

/** The printer for a format. */
export function messagePrinter(output: Output, format: MessageFormat, maxBytes: number): PrintMessage {
  switch (format) {
    case 'json':
      return (record, queue) => output.line(messageAsJson(record, queue))
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
      return (record, queue) => printText(output, record, queue, maxBytes)
  }
}

/** One line of NDJSON. The fields and their order are part of the command's contract. */
export function messageAsJson(record: ColdRecord, queue?: string): string {
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
    return JSON.stringify(queue === undefined ? { ...place, ...content } : { queue, ...place, ...content })
  })
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

function printText(output: Output, record: ColdRecord, queue: string | undefined, maxBytes: number): void {
  const { sequence, timestampNs, typeId, payload, segmentId, offset } = record
  const where = queue === undefined ? '' : `${printable(queue)}  `
  const place = output.palette.faint(`segment ${segmentId} offset ${offset}`)
  output.line(
    `${output.palette.heading(`${where}#${sequence}`)}  ${formatTime(timestampNs)}  type ${typeId}  ${payload.length} bytes  ${place}`,
  )
  const shown = maxBytes === 0 ? payload : payload.subarray(0, maxBytes)
  output.lines(isReadable(payload) ? textLines(shown) : hexdump(shown, output.width))
  if (shown.length < payload.length) output.line(output.palette.faint(`  … ${payload.length - shown.length} more bytes`))
}

/** Whether a payload is text that a person reads: UTF-8 without control characters but for ends of lines and tabs. JSON is. */
function isReadable(payload: Buffer): boolean {
  if (payload.length === 0 || payload.length > READABLE_LENGTH_MAX || !isUtf8(payload)) return false
  return !UNREADABLE.test(payload.toString('utf8'))
}

/** Longer text is no message to be read on a screen. */
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
