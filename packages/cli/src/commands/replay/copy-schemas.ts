import { join } from 'node:path'
import { addSchemaFile, readSchemaFiles, readSchemas, SCHEMA_FOLDER, SchemaIoError } from '@chronicle-ts/schema'
import type { CommandContext } from '../../command-context.js'

/** A link, or a directory in the place of a file: damage, which another attempt does not end. */
const NOT_A_FILE = new Set(['ELOOP', 'EISDIR', 'ENOTDIR'])

/**
 * Gives the target the types of the queues, before their first message, so that tools and typed readers know them there, too. A damaged type, and one that the target has in another form, is reported
 * and left out.
 *
 * @throws SchemaIoError `ERR_IO` when the system refuses to read or write one: the messages would lack a type that is there.
 */
export function copySchemas(
  { log }: CommandContext,
  queues: readonly string[],
  { to, type }: { readonly to: string; readonly type?: readonly number[] },
): void {
  for (const queue of queues) {
    const files = readSchemaFiles(queue, type)
    const { schemas, foreign, problems } = readSchemas(queue, type)
    for (const { path, error } of problems) {
      if (isRefused(error)) throw error
      log.warn({ queue, file: path }, `left out of the schema registry: ${error.message}`)
    }
    // The first reading leaves out what it cannot read.
    if (files.length < schemas.length + foreign.length)
      throw new SchemaIoError({ path: join(queue, SCHEMA_FOLDER), errnoName: 'EIO' })
    for (const file of files) {
      try {
        addSchemaFile(to, file)
      } catch (error) {
        if (isRefused(error)) throw error
        const detail = error instanceof Error ? error.message : String(error)
        log.warn({ queue, file: file.name }, `left out of the schema registry: ${detail}`)
      }
    }
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof SchemaIoError && !NOT_A_FILE.has(error.errnoName)
}
