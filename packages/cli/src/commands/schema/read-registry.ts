import { readSchemas, type SchemaRegistry } from '@chronicle-ts/schema'
import type { CommandContext } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { requireQueue } from '../../queues/require-queue.js'

/** Reads the registry of a queue; what is wrong with it goes to standard error. @throws what a directory that is not a queue throws */
export function readRegistry(context: CommandContext, queue: string): SchemaRegistry {
  requireQueue(queue)
  const registry = readSchemas(queue)
  for (const { path, error } of registry.problems) context.log.warn({ path }, `schema registry: ${error.message}`)
  for (const { typeId, version, encoding } of registry.foreign)
    context.log.warn({ queue }, `schema registry: type ${typeId} version ${version} is in the unknown encoding ${encoding}`)
  return registry
}

/** An incomplete result when a file of the registry could not be read. */
export function exitCodeOf({ problems, foreign }: SchemaRegistry): number {
  return problems.length + foreign.length === 0 ? EXIT_HEALTHY : EXIT_WARNING
}
