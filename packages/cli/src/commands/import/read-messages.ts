import { isUtf8 } from 'node:buffer'
import { type CarriedRegistry, registryFromFields } from '../../messages/carried-registry.js'
import { CSV_FIELDS } from '../export/csv.js'
import { CsvError, CsvRecords } from './csv-records.js'
import { exactBase64, exactSchemaVersion, exactTimestampNs, exactTypeId, exactUtf8 } from './exact-text.js'
import { contextOf, contextOfCells, type MessageContext } from './import-context.js'
import { LINE_LENGTH_MAX, LineTooLongError, splitLines } from './split-lines.js'

export const IMPORT_FORMATS = ['ndjson', 'csv', 'lines', 'raw'] as const
export type ImportFormat = (typeof IMPORT_FORMATS)[number]

/** A message as its input has it. */
export interface ImportedMessage {
  readonly typeId?: number
  readonly timestampNs?: bigint
  readonly schemaVersion?: number
  readonly payload: Uint8Array
  readonly context?: MessageContext
  /** Of the queue that was exported, with its first message. */
  readonly registry?: CarriedRegistry
}

/** A line that is not a message. */
export interface ImportError {
  readonly line: number
  readonly error: string
}

/** No record holds more. */
const PAYLOAD_LENGTH_MAX = 0xffff_fffe
/** Of a line, and of the lines of one message: both together still make one string. */
const CSV_LENGTH_MAX = LINE_LENGTH_MAX >> 1
const CARRIAGE_RETURN = 0x0d

/** What messages are read from. */
export type ImportStream = AsyncIterable<Buffer | string> & { destroy(): unknown }

/** Reads messages from a stream. Ends at the first line that is not a message, with what is wrong with it. */
export async function* readMessages(
  stream: ImportStream,
  format: ImportFormat,
  signal: AbortSignal,
): AsyncGenerator<ImportedMessage | ImportError> {
  // Of an input after the one in which the signal came, nothing is read.
  if (signal.aborted) return
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

/** UTF-8 begins with it when a program of another system wrote it. It is not part of the text. */
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

function withoutMark(bytes: Buffer, line: number): Buffer {
  return line === 1 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? bytes.subarray(BYTE_ORDER_MARK.length)
    : bytes
}

async function* readLines(
  stream: Bytes,
  parse: (bytes: Buffer, line: number) => ImportedMessage | string | undefined,
): AsyncGenerator<ImportedMessage | ImportError> {
  let line = 0
  for await (const bytes of splitLines(stream)) {
    line += 1
    const message = parse(bytes, line)
    if (typeof message === 'string') yield { line, error: message }
    else if (message !== undefined) yield message
  }
}

function messageOfLine(line: Buffer): ImportedMessage {
  return { payload: line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line }
}

/** What is wrong with it when it is not a message; `undefined` for an empty line. */
function messageOfJson(bytes: Buffer, line: number): ImportedMessage | string | undefined {
  const own = withoutMark(bytes, line)
  if (!isUtf8(own)) return 'not UTF-8'
  const json = own.toString('utf8')
  if (json.trim() === '') return undefined
  let fields: unknown
  try {
    fields = JSON.parse(json)
  } catch {
    return 'not JSON'
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return 'not a JSON object'
  const { typeId, timestampNs, schemaVersion, text, base64, trace, source, schemas, sources } = fields as Record<string, unknown>
  if (text !== undefined && base64 !== undefined) return 'both text and base64 are there'
  const content = text ?? base64
  if (typeof content !== 'string') return 'neither text nor base64 is there'
  const registry = registryFromFields({ schemas, sources })
  if (typeof registry === 'string') return registry
  const context = contextOf({ trace, source })
  if (typeof context === 'string') return context
  const message = messageOf({ typeId, timestampNs, schemaVersion, content, isBase64: base64 !== undefined, context })
  return typeof message === 'string' || registry === undefined ? message : { ...message, registry }
}

async function* readCsv(stream: Bytes): AsyncGenerator<ImportedMessage | ImportError> {
  const records = new CsvRecords()
  let line = 0
  let header: readonly string[] | undefined
  for await (const bytes of splitLines(stream, CSV_LENGTH_MAX)) {
    line += 1
    const read = recordOf(records, withoutMark(bytes, line))
    if (typeof read === 'string') yield { line, error: read }
    if (records.openLength > CSV_LENGTH_MAX) throw new LineTooLongError(line, CSV_LENGTH_MAX)
    if (!Array.isArray(read)) continue
    if (header !== undefined) {
      const message = messageOfCsv(header, read)
      if (message !== undefined) yield typeof message === 'string' ? { line, error: message } : message
      continue
    }
    header = read
    const wrong = headerProblem(header)
    if (wrong !== undefined) yield { line, error: wrong }
  }
  if (records.isOpen) yield { line, error: 'a quoted field does not end' }
}

/** The fields when this line ends a record; what is wrong with it as a string. */
function recordOf(records: CsvRecords, bytes: Buffer): string[] | string | undefined {
  if (!isUtf8(bytes)) return 'not UTF-8'
  try {
    return records.push(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof CsvError) return error.message
    throw error
  }
}

function headerProblem(header: readonly string[]): string | undefined {
  if (!header.includes('payload')) return `the first line must name the fields, such as ${CSV_FIELDS.join(',')}`
  return new Set(header).size < header.length ? 'the first line names a field twice' : undefined
}

/** What is wrong with it when it is not a message; `undefined` for an empty line. */
function messageOfCsv(header: readonly string[], fields: readonly string[]): ImportedMessage | string | undefined {
  if (fields.length === 1 && fields[0] === '' && header.length > 1) return undefined
  if (fields.length !== header.length) return `${fields.length} fields instead of ${header.length}`
  /** An empty cell says nothing. */
  const cell = (name: string) => fields[header.indexOf(name)] || undefined
  const encoding = cell('encoding') ?? 'text'
  if (encoding !== 'text' && encoding !== 'base64') return 'encoding must be text or base64'
  const content = cell('payload') ?? ''
  const [typeId, timestampNs, schemaVersion] = ['typeId', 'timestampNs', 'schemaVersion'].map(cell)
  const context = contextOfCells(cell)
  if (typeof context === 'string') return context
  return messageOf({ typeId, timestampNs, schemaVersion, content, isBase64: encoding === 'base64', context })
}

interface MessageFields {
  readonly typeId: unknown
  readonly timestampNs: unknown
  readonly schemaVersion: unknown
  readonly content: string
  readonly isBase64: boolean
  readonly context: MessageContext
}

function messageOf(fields: MessageFields): ImportedMessage | string {
  const typeId = fields.typeId === undefined ? undefined : exactTypeId(fields.typeId)
  if (fields.typeId !== undefined && typeId === undefined) return 'typeId must be a whole number from 0 to 65534'
  const timestampNs = fields.timestampNs === undefined ? undefined : exactTimestampNs(fields.timestampNs)
  if (fields.timestampNs !== undefined && timestampNs === undefined)
    return 'timestampNs must be nanoseconds since 1970 as a string of digits; a JSON number of that size is rounded'
  const schemaVersion = fields.schemaVersion === undefined ? undefined : exactSchemaVersion(fields.schemaVersion)
  if (fields.schemaVersion !== undefined && schemaVersion === undefined)
    return 'schemaVersion must be a whole number from 0 to 255'
  const payload = fields.isBase64 ? exactBase64(fields.content) : exactUtf8(fields.content)
  if (payload === undefined)
    return fields.isBase64
      ? 'base64 is not what an encoder writes'
      : 'text holds half of a surrogate pair, which is not a character'
  const { context } = fields
  return {
    payload,
    ...((context.trace ?? context.source) !== undefined && { context }),
    ...(typeId !== undefined && { typeId }),
    ...(timestampNs !== undefined && { timestampNs }),
    ...(schemaVersion !== undefined && { schemaVersion }),
  }
}
