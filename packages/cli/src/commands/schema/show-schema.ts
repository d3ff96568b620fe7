import type { FieldDescription, SchemaDescription } from '@chronicle-ts/schema'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { type Column, renderTable } from '../../output/table.js'
import { summaryOf } from './list-schemas.js'
import { exitCodeOf, readRegistry } from './read-registry.js'

const COLUMNS: readonly Column[] = [
  { title: 'OFFSET', align: 'right' },
  { title: 'FIELD', cut: 'middle' },
  { title: 'KIND', cut: 'end' },
  { title: 'SINCE', align: 'right', optional: 1 },
  { title: 'OPTIONAL', optional: 2 },
]

/** Prints the newest version of one type, field by field. @throws UsageError when the registry has no such type */
export function showSchema(context: CommandContext, queue: string, name: string): number {
  const { output, json } = context
  const registry = readRegistry(context, queue)
  const schema = registry.schemas.findLast((one) => one.name === name || String(one.typeId) === name)
  if (schema === undefined) throw new UsageError(`the schema registry of ${queue} has no type ${name}; see chron-cli schema list`)
  if (json) output.line(toJsonReport('schema', { queue, schema }))
  else output.lines(render(schema, output))
  return exitCodeOf(registry)
}

function render(schema: SchemaDescription, { palette, width }: CommandContext['output']): string[] {
  const { typeId, version, encoding, key, fingerprint } = summaryOf(schema)
  const keyed = key === undefined ? '' : `, key ${printable(key)}`
  const heading = palette.heading(printable(schema.name))
  const lines = [`${heading}  type ${typeId}, version ${version}, ${encoding}${keyed}, fingerprint ${fingerprint}`]
  if (schema.fields.length === 0) return [...lines, '  messages describe themselves']
  return [
    ...lines,
    '',
    ...renderTable(
      COLUMNS,
      schema.fields.flatMap((field) => rowsOf(field)),
      width,
      palette.heading,
    ),
  ]
}

/** A field, and below it the fields of its items. */
function rowsOf(field: FieldDescription, prefix = ''): string[][] {
  const { name, offset, since } = field
  const optional = 'optional' in field && field.optional === true ? 'yes' : ''
  const row = [`${offset}`, printable(`${prefix}${name}`), kindOf(field), since === undefined ? '' : String(since), optional]
  const inner = 'fields' in field ? field.fields.flatMap((one) => rowsOf(one, `${prefix}${name}.`)) : []
  return [row, ...inner]
}

/** The kind with what makes it whole: `enum u8 (buy=0, sell=1)`. */
function kindOf(field: FieldDescription): string {
  switch (field.kind) {
    case 'enum':
      return printable(`enum ${field.type} (${pairs(field.members)})`)
    case 'flags':
      return printable(`flags ${field.type} (${pairs(field.bits)})`)
    case 'decimal':
      return `decimal with ${field.scale} digits`
    case 'text':
      return `${field.encoding} of ${field.length} bytes`
    case 'array':
      return `array of ${field.length} ${field.element}`
    case 'vector':
      return `vector of ${field.element}`
    case 'matrix':
      return `matrix of ${field.rows} by ${field.columns} ${field.element}`
    case 'quantized':
      return `quantized ${field.element}`
    case 'list':
      return `list of ${field.size} bytes each`
    default:
      return field.kind
  }
}

function pairs(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}
