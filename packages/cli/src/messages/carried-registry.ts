import { type ListedSource, parseSources, readSources, writeSources } from '@chronicle-ts/core/internal'
import {
  addSchemaFile,
  checkSchemaFile,
  isWholeSchemaFile,
  readSchemaFiles,
  type SchemaFile,
  schemaFileName,
} from '@chronicle-ts/schema'
import { UsageError } from '../command-error.js'

/** What messages that go from one queue to another need to be understood there: their types, and the names of the sources that they were made from. */
export interface CarriedRegistry {
  readonly schemas: readonly SchemaFile[]
  readonly sources: readonly ListedSource[]
}

/** The registry of a queue, as far as it is whole. */
export function registryOf(queue: string, typeIds?: readonly number[]): CarriedRegistry {
  return { schemas: readSchemaFiles(queue, typeIds), sources: sourcesOf(queue) }
}

function sourcesOf(queue: string): ListedSource[] {
  try {
    return readSources(queue)
  } catch {
    return []
  }
}

/** Fields of the first message of an export; left out where the queue has none. */
export function registryAsFields({ schemas, sources }: CarriedRegistry): object {
  return {
    ...(schemas.length > 0 && { schemas: schemas.map(({ text }) => JSON.parse(text) as unknown) }),
    ...(sources.length > 0 && { sources }),
  }
}

/** The registry of {@link registryAsFields}, `undefined` for a message without one; what is wrong as a string. */
export function registryFromFields({
  schemas,
  sources,
}: {
  readonly schemas?: unknown
  readonly sources?: unknown
}): CarriedRegistry | string | undefined {
  if (schemas === undefined && sources === undefined) return undefined
  const files = (Array.isArray(schemas) ? schemas : []).map(fileOf)
  if ((schemas !== undefined && !Array.isArray(schemas)) || files.some((file) => !isWholeSchemaFile(file)))
    return 'schemas must be a list of message types, as export writes them'
  const list = sources === undefined ? [] : parseSources(JSON.stringify({ schemaVersion: 1, sources }))
  return list === undefined ? 'sources must be a list of sources, as export writes them' : { schemas: files, sources: list }
}

function fileOf(schema: unknown): SchemaFile {
  const text = `${JSON.stringify(schema, undefined, 2)}\n`
  const { typeId, version } = (schema ?? {}) as { typeId?: unknown; version?: unknown }
  return { name: schemaFileName({ typeId: Number(typeId), version: Number(version) }), text }
}

/**
 * Throws where messages of this registry cannot live in a queue: what they say would be read otherwise there. Nothing is changed.
 *
 * @throws `ERR_SCHEMA_INCOMPATIBLE`; UsageError when the same source has another number
 */
export function checkRegistry(queue: string, { schemas, sources }: CarriedRegistry): void {
  for (const file of schemas) checkSchemaFile(queue, file)
  mergedSources(queue, sources)
}

/** Adds the registry to that of a queue, synced, before the first message that needs it. @throws as {@link checkRegistry}; what the file system says */
export function addRegistry(queue: string, registry: CarriedRegistry): void {
  checkRegistry(queue, registry)
  for (const file of registry.schemas) addSchemaFile(queue, file)
  const merged = mergedSources(queue, registry.sources)
  if (merged !== undefined) writeSources(queue, merged)
}

/** The sources of the queue and these; `undefined` when it has all of them. */
function mergedSources(queue: string, sources: readonly ListedSource[]): ListedSource[] | undefined {
  const own = readSources(queue)
  const added = sources.filter((source) => {
    const present = own.find(({ id, name }) => id === source.id || name === source.name)
    if (present === undefined) return true
    const { id, name, queueId } = present
    if (id === source.id && name === source.name && queueId === source.queueId) return false
    throw new UsageError(
      `source ${source.id} of the messages is ${source.name}, and source ${id} of ${queue} is ${name}${name === source.name ? ', another queue or number' : ''}`,
    )
  })
  return added.length === 0 ? undefined : [...own, ...added]
}
