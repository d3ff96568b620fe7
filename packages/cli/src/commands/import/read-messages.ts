import { createReadStream } from 'node:fs'
import { CSV_FIELDS, parseCsvRecord } from '../export/csv.js'
import { LINE_LENGTH_MAX, LineTooLongError, splitLines } from './split-lines.js'

export const IMPORT_FORMATS = ['ndjson', 'csv', 'lines', 'raw'] as const
export type ImportFormat = (typeof IMPORT_FORMATS)[number]

/** A message as its input tells it. */
export interface ImportedMessage {
  readonly typeId?: number
  readonly timestampNs?: bigint
  readonly payload: Uint8Array
}

/** A line that is no message. */
export interface ImportError {
  readonly line: number
  readonly error: string
}

const TYPE_ID_MAX = 0xfffe
/** No record holds more. */
const PAYLOAD_LENGTH_MAX = 0xffff_fffe
/** Of a line, and of the lines of one message: both together still make one string. */
const CSV_LENGTH_MAX = LINE_LENGTH_MAX >> 1
const CARRIAGE_RETURN = 0x0d

/** Reads messages from a file, or from standard input for `-`. Ends at the first line that is no message, with what is wrong with it. */
export async function* readMessages(
  file: string,
  format: ImportFormat,
  signal: AbortSignal,
): AsyncGenerator<ImportedMessage | ImportError> {
  const stream = file === '-' ? process.stdin : createReadStream(file)
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (format === 'raw') yield { payload: await readWhole(stream) }
    else if (format === 'csv') yield* readCsv(stream)
    else yield* readLines(stream, format === 'ndjson' ? messageOfJson : messageOfLine)
  } catch (error) {
    if (error instanceof LineTooLongError) yield { line: error.line, error: error.message }
    else if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function readWhole(stream: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of stream) {
    parts.push(Buffer.from(part))
    length += part.length
    if (length > PAYLOAD_LENGTH_MAX) throw new LineTooLongError(1, PAYLOAD_LENGTH_MAX)
  }
  return Buffer.concat(parts)
}

type Bytes = AsyncIterable<Buffer | string>

async function* readLines(
  stream: Bytes,
  parse: (line: Buffer) => ImportedMessage | string | undefined,
): AsyncGenerator<ImportedMessage | ImportError> {
  let line = 0
  for await (const bytes of splitLines(stream)) {
    line += 1
    const message = parse(bytes)
    if (typeof message === 'string') yield { line, error: message }
    else if (message !== undefined) yield message
  }
}

function messageOfLine(line: Buffer): ImportedMessage {
  return { payload: line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line }
}

/** What is wrong with it when it is no message; `undefined` for an empty line. */
function messageOfJson(line: Buffer): ImportedMessage | string | undefined {
  const text = line.toString('utf8')
  if (text.trim() === '') return undefined
  let fields: unknown
  try {
    fields = JSON.parse(text)
  } catch {
    return 'not JSON'
  }
  if (typeof fields !== 'object' || fields === null) return 'not a JSON object'
  const { typeId, timestampNs, text: plain, base64 } = fields as Record<string, unknown>
  if (typeof plain === 'string') return messageOf({ typeId, timestampNs, payload: Buffer.from(plain) })
  if (typeof base64 === 'string') return messageOf({ typeId, timestampNs, payload: Buffer.from(base64, 'base64') })
  return 'neither text nor base64 is there'
}

async function* readCsv(stream: Bytes): AsyncGenerator<ImportedMessage | ImportError> {
  let line = 0
  let pending = ''
  let header: readonly string[] | undefined
  for await (const bytes of splitLines(stream, CSV_LENGTH_MAX)) {
    line += 1
    pending = pending === '' ? bytes.toString('utf8') : `${pending}\n${bytes.toString('utf8')}`
    const fields = parseCsvRecord(pending.replace(/\r$/, ''))
    if (fields === undefined && pending.length > CSV_LENGTH_MAX) throw new LineTooLongError(line, CSV_LENGTH_MAX)
    if (fields === undefined) continue
    pending = ''
    if (header === undefined) {
      header = fields
      if (!header.includes('payload'))
        yield { line, error: `the first line must name the fields, such as ${CSV_FIELDS.join(',')}` }
      continue
    }
    const message = messageOfCsv(header, fields)
    yield typeof message === 'string' ? { line, error: message } : message
  }
  if (pending !== '') yield { line, error: 'a quoted field does not end' }
}

function messageOfCsv(header: readonly string[], fields: readonly string[]): ImportedMessage | string {
  if (fields.length !== header.length) return `${fields.length} fields instead of ${header.length}`
  const field = (name: string) => fields[header.indexOf(name)]
  const payload = Buffer.from(field('payload') ?? '', field('encoding') === 'base64' ? 'base64' : 'utf8')
  const typeId = field('typeId')
  return messageOf({ typeId: typeId === undefined ? undefined : Number(typeId), timestampNs: field('timestampNs'), payload })
}

function messageOf(fields: { typeId: unknown; timestampNs: unknown; payload: Uint8Array }): ImportedMessage | string {
  const { typeId, timestampNs, payload } = fields
  if (typeId !== undefined && !(Number.isInteger(typeId) && (typeId as number) >= 0 && (typeId as number) <= TYPE_ID_MAX)) {
    return `typeId must be 0 to ${TYPE_ID_MAX}`
  }
  if (timestampNs !== undefined && !/^\d{1,19}$/.test(String(timestampNs)))
    return 'timestampNs must be nanoseconds since 1970 as a string of digits'
  return {
    payload,
    ...(typeId !== undefined && { typeId: typeId as number }),
    ...(timestampNs !== undefined && { timestampNs: BigInt(String(timestampNs)) }),
  }
}
