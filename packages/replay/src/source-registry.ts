import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidArgumentError } from '@chronicle-ts/core'
import { fromSystemError } from '@chronicle-ts/core/internal'

/** Names the sources of a queue; see docs/format.md. */
export const SOURCES_FILE = 'sources.json'

const SCHEMA_VERSION = 1

/** One source of a queue. */
export interface RegisteredSource {
  /** From 1 on; stands in the records. */
  readonly id: number
  readonly name: string
  /** `queueId` of the source, 32 hexadecimal digits; absent where the source has none. */
  readonly queueId?: string
}

/**
 * Returns the sources by name, with an id for each. What is new is on the disk when this returns, before the first record that carries the id.
 *
 * @throws {@link InvalidArgumentError} for a file that is not a list of sources.
 */
export function registerSources(
  directory: string,
  names: readonly { readonly name: string; readonly queueId: string | undefined }[],
): ReadonlyMap<string, RegisteredSource> {
  const sources = new Map(readSources(directory).map((source) => [source.name, source]))
  let lastId = Math.max(0, ...[...sources.values()].map(({ id }) => id))
  let isChanged = false
  for (const { name, queueId } of names) {
    const known = sources.get(name)
    if (known !== undefined && (known.queueId !== undefined || queueId === undefined)) continue
    sources.set(name, { id: known?.id ?? ++lastId, name, ...(queueId === undefined ? {} : { queueId }) })
    isChanged = true
  }
  if (isChanged) writeSources(directory, [...sources.values()])
  return sources
}

/** Returns the sources of a queue; none when the queue was not made from others. */
export function readSources(directory: string): RegisteredSource[] {
  const path = join(directory, SOURCES_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fromSystemError(error, { path })
  }
  const sources = parseSources(text)
  if (sources !== undefined) return sources
  throw new InvalidArgumentError({ argument: path, value: text, expected: 'a list of sources, as a processor writes it' })
}

function parseSources(text: string): RegisteredSource[] | undefined {
  try {
    const { schemaVersion, sources } = JSON.parse(text) as { schemaVersion: unknown; sources: unknown }
    if (schemaVersion !== SCHEMA_VERSION || !Array.isArray(sources) || !sources.every(isSource)) return undefined
    return sources
  } catch {
    return undefined
  }
}

function isSource(value: unknown): value is RegisteredSource {
  const { id, name, queueId } = (value ?? {}) as Record<string, unknown>
  const isId = Number.isInteger(id) && (id as number) > 0 && (id as number) <= 0xffff_ffff
  return isId && typeof name === 'string' && (queueId === undefined || typeof queueId === 'string')
}

function writeSources(directory: string, sources: readonly RegisteredSource[]): void {
  const path = join(directory, SOURCES_FILE)
  try {
    writeFileSync(`${path}.tmp`, `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, sources }, undefined, 2)}\n`)
    sync(`${path}.tmp`)
    renameSync(`${path}.tmp`, path)
    sync(directory)
  } catch (error) {
    throw fromSystemError(error, { path })
  }
}

function sync(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
