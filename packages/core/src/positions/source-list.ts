import { closeSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import { fromSystemError, InvalidArgumentError } from '../errors/index.js'
import { makeFile } from '../files/make-file.js'
import { nodeCrypto } from '../files/node-crypto.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { openPath } from '../files/regular-file.js'
import { writeWhole } from '../files/whole-transfer.js'
import { SOURCES_FILE } from '../format/index.js'

const SCHEMA_VERSION = 1

/** One source of a queue. */
export interface ListedSource {
  /** From 1 on; stands in the records. */
  readonly id: number
  readonly name: string
  /** `queueId` of the source, 32 hexadecimal digits; absent where the source has none. */
  readonly queueId?: string
}

/**
 * Returns the sources of a queue; none when the queue was not made from others.
 *
 * @throws {@link InvalidArgumentError} for a file that is not a list of sources; the code of a call of the system that failed.
 */
export function readSources(directory: string): ListedSource[] {
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

/** Returns the sources of a list as text; `undefined` for any other text. */
export function parseSources(text: string): ListedSource[] | undefined {
  try {
    const { checksum, ...list } = JSON.parse(text) as { schemaVersion: unknown; sources: unknown; checksum?: unknown }
    const { schemaVersion, sources } = list
    if (schemaVersion !== SCHEMA_VERSION || !Array.isArray(sources) || !sources.every(isSource)) return undefined
    // Former versions wrote none, and programs that write a list as a part of something else have none.
    return checksum === undefined || checksum === checksumOf(list) ? sources : undefined
  } catch {
    return undefined
  }
}

/** Returns the list as text; the same list has the same text. */
export function formatSources(sources: readonly ListedSource[]): string {
  const list = { schemaVersion: SCHEMA_VERSION, sources }
  return `${JSON.stringify({ ...list, checksum: checksumOf(list) }, undefined, 2)}\n`
}

/** CRC-32 of the list. With a damaged letter a source would have another name: its messages would be processed again, as those of a new source. */
function checksumOf(list: object): number {
  return binding.crc32(Buffer.from(JSON.stringify(list)))
}

/** Replaces the list of a queue, by rename. It is on the disk when this returns. @throws the code of a call of the system that failed. */
export function writeSources(directory: string, sources: readonly ListedSource[]): void {
  const queue = openQueueDirectory(directory)
  // A name of its own, made new: it meets neither the file of another process nor a link.
  const temporary = `${SOURCES_FILE}.${nodeCrypto().randomUUID()}.tmp`
  try {
    makeFile(queue, temporary, (fd) => writeWhole(fd, Buffer.from(formatSources(sources)), 0))
    renameSync(queue.at(temporary), queue.at(SOURCES_FILE))
    queue.sync()
  } catch (error) {
    rmSync(queue.at(temporary), { force: true })
    throw fromSystemError(error, { path: join(directory, SOURCES_FILE) })
  } finally {
    queue.close()
  }
}

/** Holds the directory of a queue; files that are made in it may be read and written by the users that may list and change it. */
export function openQueueDirectory(directory: string): QueueDirectory {
  return QueueDirectory.open(directory, statSync(directory).mode & 0o666)
}

function isSource(value: unknown): value is ListedSource {
  const { id, name, queueId } = (value ?? {}) as Record<string, unknown>
  const isId = Number.isInteger(id) && (id as number) > 0 && (id as number) <= 0xffff_ffff
  return isId && typeof name === 'string' && (queueId === undefined || typeof queueId === 'string')
}

function readText(path: string): string {
  const fd = openPath(path, 'read')
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}
