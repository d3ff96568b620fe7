import { isUtf8 } from 'node:buffer'
import type { ColdRecord } from '@chronicle-ts/core'
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
      return (record) => output.line(record.payload.toString('hex'))
    case 'base64':
      return (record) => output.line(record.payload.toString('base64'))
    case 'utf8':
      return (record) =>
        output.line(output.isTerminal ? printableLines(record.payload.toString('utf8')) : record.payload.toString('utf8'))
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
  const content = isUtf8(payload) ? { text: payload.toString('utf8') } : { base64: payload.toString('base64') }
  return JSON.stringify(queue === undefined ? { ...place, ...content } : { queue, ...place, ...content })
}

function printText(output: Output, record: ColdRecord, queue: string | undefined, maxBytes: number): void {
  const { sequence, timestampNs, typeId, payload, segmentId, offset } = record
  const where = queue === undefined ? '' : `${printable(queue)}  `
  const place = output.palette.faint(`segment ${segmentId} offset ${offset}`)
  output.line(
    `${output.palette.heading(`${where}#${sequence}`)}  ${formatTime(timestampNs)}  type ${typeId}  ${payload.length} bytes  ${place}`,
  )
  const shown = maxBytes === 0 ? payload : payload.subarray(0, maxBytes)
  output.lines(hexdump(shown, output.width))
  if (shown.length < payload.length) output.line(output.palette.faint(`  … ${payload.length - shown.length} more bytes`))
}
