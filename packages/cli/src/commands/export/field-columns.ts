import type { ColdRecord } from '@chronicle-ts/inspect'
import type { SchemaDescription } from '@chronicle-ts/schema'
import { UsageError } from '../../command-error.js'
import type { DecodedRecord, RecordDecoder } from '../../messages/record-decoder.js'
import { csvCell } from './csv.js'

/** What stands in front of the fields. `error` says why a message has none. */
const LEADING = ['sequence', 'timestampNs', 'type', 'schemaVersion', 'error'] as const

/** A column per field of the types that are exported, in their order; fields of one name share a column. */
export class FieldColumns {
  readonly #decoder: RecordDecoder
  readonly #names: readonly string[]
  readonly #safe: boolean

  /** @throws UsageError when no type with fields is exported */
  constructor(
    decoder: RecordDecoder,
    { types, safe }: { readonly types: readonly number[] | undefined; readonly safe: boolean },
  ) {
    this.#decoder = decoder
    this.#safe = safe
    const exported = decoder.schemas.filter(({ typeId }) => types === undefined || types.includes(typeId))
    this.#names = [...new Set(exported.flatMap(fieldNames))]
    if (this.#names.length === 0)
      throw new UsageError('--fields needs a type with fields in the schema registry of the queue; see chron-cli schema list')
  }

  header(): string {
    return [...LEADING, ...this.#names.map(columnName)].map((name) => csvCell(name, false)).join(',')
  }

  line(record: ColdRecord): string {
    const decoded = this.#decoder.decode(record)
    const { sequence, timestampNs, typeId, schemaVersion } = record
    const fields = fieldsOf(decoded)
    const cells = [sequence, timestampNs, decoded?.type ?? typeId, schemaVersion, errorOf(decoded)].map(String)
    const values = this.#names.map((name) => (Object.hasOwn(fields, name) ? cellText(fields[name]) : ''))
    return [...cells, ...values].map((cell) => csvCell(cell, this.#safe)).join(',')
  }
}

/** A program that reads the table by its header takes two columns of one name for one. */
function columnName(field: string): string {
  return (LEADING as readonly string[]).includes(field) ? `fields.${field}` : field
}

function fieldNames({ fields }: SchemaDescription): string[] {
  return fields.map(({ name }) => name)
}

function fieldsOf(decoded: DecodedRecord | undefined): Record<string, unknown> {
  if (decoded?.kind !== 'decoded') return {}
  const { fields } = decoded
  return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? (fields as Record<string, unknown>) : {}
}

function errorOf(decoded: DecodedRecord | undefined): string {
  if (decoded === undefined) return 'not in the schema registry'
  return decoded.kind === 'bad' ? decoded.detail : ''
}

/** Lists and other nested values as JSON. */
function cellText(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
