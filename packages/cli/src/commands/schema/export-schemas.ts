import { isSchemaError, messageFromDescription, type SchemaDescription, toSbe } from '@chronicle-ts/schema'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY, EXIT_WARNING, worseExitCode } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { exitCodeOf, readRegistry } from './read-registry.js'
import type { SchemaOptions } from './schema-options.js'

const PACKAGE = 'chronicle'
const SCHEMA_ID = 1

/** Prints the newest version of every type: as descriptions, or as an SBE schema. @throws UsageError when SBE can describe none of them */
export function exportSchemas(context: CommandContext, queue: string, options: SchemaOptions): number {
  const registry = readRegistry(context, queue)
  const newest = [...new Map(registry.schemas.map((schema) => [schema.typeId, schema])).values()]
  if (options.sbe !== true) {
    context.output.line(toJsonReport('schema', { queue, schemas: newest }))
    return exitCodeOf(registry)
  }
  const exported = newest.filter((schema) => isExportable(context, schema))
  if (exported.length === 0) throw new UsageError(`the schema registry of ${queue} holds no type that SBE can describe`)
  const xml = toSbe(exported.map(messageFromDescription), { package: options.package ?? PACKAGE, id: SCHEMA_ID })
  if (context.json) context.output.line(toJsonReport('schema', { queue, sbe: xml }))
  else context.output.text(xml.endsWith('\n') ? xml : `${xml}\n`)
  return worseExitCode(exitCodeOf(registry), exported.length < newest.length ? EXIT_WARNING : EXIT_HEALTHY)
}

/** Types with variable parts, and those of other encodings, are left out. */
function isExportable(context: CommandContext, schema: SchemaDescription): boolean {
  try {
    toSbe([messageFromDescription(schema)], { package: PACKAGE, id: SCHEMA_ID })
    return true
  } catch (error) {
    if (!isSchemaError(error)) throw error
    context.log.warn({ type: schema.name }, `left out: ${error.message}`)
    return false
  }
}
