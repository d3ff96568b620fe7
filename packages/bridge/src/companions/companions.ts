import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { formatSources, fromSystemError, parseSources, readSources } from '@chronicle-ts/core/internal'
import { isWholeSchemaFile, readSchemaFiles, SCHEMA_FOLDER } from '@chronicle-ts/schema'
import { type Frame, framesOf } from '../frames/frame.js'

/** Names of the files of a registry; others are temporary, or of something else. */
const FILE_NAME = /^\d+\.\d+\.json$/

/** What belongs to the history of a queue beside its records: the schema registry, and the names of the sources of its messages. Tools and programs need them to read the records. */
export interface Companions {
  /** Texts of the files of the schema registry, by name; `null` for one that is damaged or cannot be read: a copy that has it whole keeps it. */
  readonly schemas: ReadonlyMap<string, string | null>
  /** The list of sources as text; `undefined` where the queue has none, `null` as above. */
  readonly sources: string | null | undefined
}

/** Returns the companions of a queue. @throws the code of the system when the registry cannot be listed: that it is empty would be a wrong statement. */
export function readCompanions(directory: string): Companions {
  const schemas = new Map<string, string | null>(namesIn(directory).map((name) => [name, null]))
  for (const { name, text } of readSchemaFiles(directory)) schemas.set(name, text)
  return { schemas, sources: readSourceList(directory) }
}

/** Returns whether there are none. */
export function areNone({ schemas, sources }: Companions): boolean {
  return schemas.size === 0 && sources === undefined
}

/** Returns companions as the body of a frame. Equal companions have equal bytes. */
export function encodeCompanions({ schemas, sources }: Companions): Buffer {
  return Buffer.from(JSON.stringify({ schemas: Object.fromEntries(schemas), ...(sources !== undefined && { sources }) }))
}

/** Returns the companions of a body; `undefined` for a body of something else. A text that is not that of its name counts as damaged. */
export function decodeCompanions(body: Uint8Array): Companions | undefined {
  try {
    const { schemas, sources } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>
    if (typeof schemas !== 'object' || schemas === null) return undefined
    const files = Object.entries(schemas).map(([name, text]) => [name, wholeFile(name, text)] as const)
    return { schemas: new Map(files), sources: sources === undefined ? undefined : wholeList(sources) }
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

function namesIn(directory: string): string[] {
  const path = join(directory, SCHEMA_FOLDER)
  try {
    return readdirSync(path)
      .filter((name) => FILE_NAME.test(name))
      .sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw fromSystemError(error, { path })
  }
}

/** As this version writes it, so that equal lists have equal text. */
function readSourceList(directory: string): string | null | undefined {
  try {
    const sources = readSources(directory)
    return sources.length === 0 ? undefined : formatSources(sources)
  } catch {
    return null
  }
}

function wholeFile(name: string, text: unknown): string | null {
  return typeof text === 'string' && isWholeSchemaFile({ name, text }) ? text : null
}

function wholeList(text: unknown): string | null {
  const sources = typeof text === 'string' ? parseSources(text) : undefined
  return sources === undefined ? null : formatSources(sources)
}
