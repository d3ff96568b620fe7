import { formatSources, parseSources, readSources } from '@chronicle-ts/core/internal'
import { isWholeSchemaFile, readSchemaFiles, type SchemaFile } from '@chronicle-ts/schema'
import { type Frame, framesOf } from '../frames/frame.js'

/** What belongs to the history of a queue beside its records, and what tools and programs need to read them: the schema registry, and the names of the sources of its messages. */
export interface Companions {
  /** By name. */
  readonly schemas: readonly SchemaFile[]
  /** The list of sources as text; `undefined` where the queue has none. */
  readonly sources: string | undefined
}

/** Returns the companions of a queue. Never throws: damaged files are left out, as a copy that has them whole must keep those. */
export function readCompanions(directory: string): Companions {
  return { schemas: readSchemaFiles(directory), sources: readSourceList(directory) }
}

/** Returns companions as the body of a frame; `undefined` when there are none. Equal companions have equal bytes. */
export function encodeCompanions({ schemas, sources }: Companions): Buffer | undefined {
  if (schemas.length === 0 && sources === undefined) return undefined
  const files = Object.fromEntries(schemas.map(({ name, text }) => [name, text]))
  return Buffer.from(JSON.stringify({ schemas: files, ...(sources !== undefined && { sources }) }))
}

/** Returns the companions of a body, as far as they are whole; `undefined` for a body of something else. */
export function decodeCompanions(body: Uint8Array): Companions | undefined {
  try {
    const { schemas, sources } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>
    if (typeof schemas !== 'object' || schemas === null) return undefined
    const files = Object.entries(schemas).flatMap(([name, text]) => (typeof text === 'string' ? { name, text } : []))
    return { schemas: files.filter(isWholeSchemaFile), sources: typeof sources === 'string' ? wholeList(sources) : undefined }
  } catch {
    return undefined
  }
}

/** Returns the frames that carry companions before the record with this sequence: they hold no records. */
export function companionFrames(
  body: Uint8Array,
  { first, ...others }: { readonly queueId: string; readonly term: number; readonly first: number; readonly maxBody: number },
): Frame[] {
  return framesOf({ bytes: body, firstSequence: first, count: 0 }, others)
}

/** As this version writes it, so that equal lists have equal text. */
function readSourceList(directory: string): string | undefined {
  try {
    const sources = readSources(directory)
    return sources.length === 0 ? undefined : formatSources(sources)
  } catch {
    return undefined
  }
}

function wholeList(text: string): string | undefined {
  const sources = parseSources(text)
  return sources === undefined ? undefined : formatSources(sources)
}
