import { addSchemaFile, readSchemaFiles } from '@chronicle-ts/schema'
import type { CommandContext } from '../../command-context.js'

/** Gives the target the types of the queues, before their first message, so that tools and typed readers know them there, too. What cannot be copied is said and left out. */
export function copySchemas(
  { log }: CommandContext,
  queues: readonly string[],
  { to, type }: { readonly to: string; readonly type?: readonly number[] },
): void {
  for (const queue of queues) {
    for (const file of readSchemaFiles(queue, type)) {
      try {
        addSchemaFile(to, file)
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error)
        log.warn({ queue, file: file.name }, `left out of the schema registry: ${detail}`)
      }
    }
  }
}
