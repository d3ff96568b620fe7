import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import { BRIDGE_DIRECTORY, pathOf, replaceFile } from '@chronicle-ts/core/internal'

const VERSION = 1
const SUFFIX = '.json'

/** Where one end of a bridge is, as it wrote it itself at `updatedMs`, into a folder of the queue. A hint for tools: nothing depends on it. */
export interface BridgeProgress {
  readonly role: 'push' | 'pull'
  /** Of the reader that holds records in the source, or of the sink. */
  readonly name: string
  readonly pid: number
  readonly queueId: string
  readonly term: number
  readonly stream: string
  /** `retrying`: the server is away, and `error` says why. `ended`: it was asked to. `failed`: it stopped with `error`. */
  readonly state: 'running' | 'retrying' | 'ended' | 'failed'
  /** Sequence of the record that the stream, or the replica, needs next. */
  readonly nextSequence: number | null
  /** Lag to the source (push) or the stream (pull); `null` where it is not known, as while the server is away. Bytes of a pull are an estimate. */
  readonly lag: { readonly messages: number | null; readonly bytes: number | null; readonly seconds: number | null }
  /** Since this end began. */
  readonly records: number
  readonly bytes: number
  readonly failures: number
  readonly error: string | null
  /** Milliseconds since 1970. */
  readonly updatedMs: number
}

/** Replaces what this end said before. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`; what the file system throws. */
export function writeProgress(directory: DirectoryPath, progress: BridgeProgress): void {
  const folder = folderOf(directory)
  if (typeof progress !== 'object' || progress === null || !isProgress(progress))
    throw new InvalidArgumentError({ argument: 'progress', value: progress, expected: 'the progress of an end of a bridge' })
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${progress.role}-${progress.name}${SUFFIX}`)
  replaceFile(path, `${JSON.stringify({ version: VERSION, ...progress })}\n`, { temporary: `${path}.${process.pid}` })
}

/** Deletes what ends of this role said: the queue has another role now. */
export function forgetProgress(directory: DirectoryPath, role: BridgeProgress['role']): void {
  const folder = folderOf(directory)
  if (role !== 'push' && role !== 'pull')
    throw new InvalidArgumentError({ argument: 'role', value: role, expected: 'push or pull' })
  for (const name of namesIn(folder)) if (name.startsWith(`${role}-`)) rmSync(join(folder, name), { force: true })
}

/** Returns what the ends of bridges say that carry this queue; what cannot be read is left out. */
export function readProgress(directory: DirectoryPath): BridgeProgress[] {
  const folder = folderOf(directory)
  return namesIn(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .flatMap((name) => parse(join(folder, name)) ?? [])
}

function folderOf(directory: DirectoryPath): string {
  return join(pathOf(directory), BRIDGE_DIRECTORY)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

function parse(path: string): BridgeProgress | undefined {
  try {
    const { version, ...progress } = JSON.parse(readFileSync(path, 'utf8'))
    return version === VERSION && isProgress(progress) ? progress : undefined
  } catch {
    return undefined
  }
}

function isProgress(value: BridgeProgress): boolean {
  const texts = [value.name, value.queueId, value.stream, value.state]
  const counts = [value.pid, value.term, value.records, value.bytes, value.failures, value.updatedMs]
  return (
    (value.role === 'push' || value.role === 'pull') &&
    texts.every((text) => typeof text === 'string') &&
    counts.every((count) => typeof count === 'number') &&
    [value.nextSequence, value.lag?.messages, value.lag?.bytes, value.lag?.seconds].every(isCountOrNull) &&
    (value.error === null || typeof value.error === 'string')
  )
}

function isCountOrNull(value: unknown): boolean {
  return value === null || typeof value === 'number'
}
