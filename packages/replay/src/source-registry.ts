import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidArgumentError } from '@chronicle-ts/core'
import { fromSystemError, openPath, QueueDirectory } from '@chronicle-ts/core/internal'

/** Names the sources of a queue; see docs/format.md. */
export const SOURCES_FILE = 'sources.json'

const SCHEMA_VERSION = 1
const FIRST_ID = 1

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
 * @param used ids that the records of the queue carry.
 * @throws {@link InvalidArgumentError} for a file that is not a list of sources, or lacks one of these: which of the inputs it was cannot be known then.
 */
export function registerSources(
  directory: string,
  names: readonly { readonly name: string; readonly queueId: string | undefined }[],
  used: ReadonlyMap<number, unknown>,
): ReadonlyMap<string, RegisteredSource> {
  const listed = readSources(directory)
  const sources = new Map(listed.map((source) => [source.name, source]))
  // The only input of an output whose list is lost is the one that there was.
  const isOnly = listed.length === 0 && names.length === 1 && used.size === 1 && used.has(FIRST_ID)
  const unlisted = [...used.keys()].filter((id) => !listed.some((source) => source.id === id))
  if (unlisted.length > 0 && !isOnly) throw lostList(directory, unlisted)
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
    text = readText(path)
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

function lostList(directory: string, ids: readonly number[]): InvalidArgumentError {
  return new InvalidArgumentError({
    argument: join(directory, SOURCES_FILE),
    value: `a list without ${ids.join(', ')}`,
    expected: 'the list of all sources that the messages of the queue were made from',
  })
}

function writeSources(directory: string, sources: readonly RegisteredSource[]): void {
  const queue = openQueueDirectory(directory)
  // A name of its own, made new: it meets neither the file of another process nor a link.
  const temporary = queue.at(`${SOURCES_FILE}.${randomUUID()}.tmp`)
  try {
    const text = `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, sources }, undefined, 2)}\n`
    withFile(openPath(temporary, 'createNew', queue.fileMode), (fd) => {
      writeFileSync(fd, text)
      fsyncSync(fd)
    })
    renameSync(temporary, queue.at(SOURCES_FILE))
    queue.sync()
  } catch (error) {
    rmSync(temporary, { force: true })
    throw fromSystemError(error, { path: join(directory, SOURCES_FILE) })
  } finally {
    queue.close()
  }
}

/** Holds the directory of a queue; files that are made in it may be read and written by those who may list and change it. */
export function openQueueDirectory(directory: string): QueueDirectory {
  return QueueDirectory.open(directory, statSync(directory).mode & 0o666)
}

function readText(path: string): string {
  return withFile(openPath(path, 'read'), (fd) => readFileSync(fd, 'utf8'))
}

function withFile<Result>(fd: number, work: (fd: number) => Result): Result {
  try {
    return work(fd)
  } finally {
    closeSync(fd)
  }
}
