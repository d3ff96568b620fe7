import { fingerprintOf, type SchemaDescription } from '@chronicle-ts/schema'
import type { CommandContext } from '../../command-context.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { type Column, renderTable } from '../../output/table.js'
import { exitCodeOf, readRegistry } from './read-registry.js'

const COLUMNS: readonly Column[] = [
  { title: 'TYPE', align: 'right' },
  { title: 'NAME', cut: 'middle' },
  { title: 'VERSION', align: 'right' },
  { title: 'ENCODING' },
  { title: 'FIELDS', align: 'right', optional: 1 },
  { title: 'KEY', optional: 2 },
  { title: 'FINGERPRINT', optional: 3 },
]

/** Prints every type and version of a registry. */
export function listSchemas(context: CommandContext, queue: string): number {
  const { output, json } = context
  const registry = readRegistry(context, queue)
  const schemas = registry.schemas.map(summaryOf)
  if (json) {
    const problems = registry.problems.map(({ path, error }) => ({ path, message: error.message }))
    output.line(toJsonReport('schema', { queue, schemas, problems, foreign: registry.foreign }))
  } else if (schemas.length === 0) output.line('the schema registry is empty')
  else output.lines(renderTable(COLUMNS, schemas.map(rowOf), output.width, output.palette.heading))
  return exitCodeOf(registry)
}

/** One line of the list. */
export function summaryOf(schema: SchemaDescription): {
  readonly typeId: number
  readonly name: string
  readonly version: number
  readonly encoding: string
  readonly fields: number
  readonly key: string | undefined
  readonly fingerprint: string
} {
  const { typeId, name, version, encoding, fields, key } = schema
  return { typeId, name, version, encoding, fields: fields.length, key, fingerprint: fingerprintOf(schema) }
}

function rowOf({ typeId, name, version, encoding, fields, key, fingerprint }: ReturnType<typeof summaryOf>): string[] {
  return [String(typeId), printable(name), String(version), encoding, String(fields), printable(key ?? ''), fingerprint]
}
