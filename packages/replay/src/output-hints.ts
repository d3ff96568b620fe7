import { closeSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Position, realtimeNs } from '@chronicle-ts/core'
import {
  decodePosition,
  encodePositionSlot,
  fromSystemError,
  openPath,
  openQueueDirectory,
  POSITION_SLOT_COUNT,
  POSITION_SLOT_LENGTH,
  type QueueDirectory,
  readWhole,
  SOURCES_DIRECTORY,
} from '@chronicle-ts/core/internal'

/** Id of the file that says from where on the output has to be looked through. Ids of sources begin at 1. */
const LOOK_FROM = 0

/** Bytes of a source in the checksum of all. */
const DIGESTED_LENGTH = 20

/** Where the last outputs of each source stand in the output. */
export interface OutputHints {
  /** Everything before this place is covered by {@link bySource}. */
  readonly lookFrom: Position
  /** By id of the source: where the outputs of its last input begin. */
  readonly bySource: ReadonlyMap<number, Position>
}

/**
 * Returns the hints of a queue, `undefined` when they are missing or unreadable: then the whole output has to be looked through. They are hints, because no checksum ties them to
 * the records: the caller checks what it finds there.
 */
export function readHints(directory: string, ids: readonly number[]): OutputHints | undefined {
  const lookFrom = readHint(directory, LOOK_FROM)
  if (lookFrom === undefined) return undefined
  const bySource = new Map<number, Position>()
  for (const id of ids) {
    const hint = readHint(directory, id)
    if (hint !== undefined) bySource.set(id, hint)
  }
  return lookFrom.heartbeatNs === digestOf(bySource) ? { lookFrom, bySource } : undefined
}

/**
 * What the hint to look from has in the place of a time: CRC-32 of the others, by id: u32 id, u64 segmentId, u64 offset of each. Each file is written by itself, so a crash or a power cut may leave one
 * of them older than the others, or blank, or none. With the place to look from and without that of a source, the outputs of its last inputs would be missed, and made again.
 */
function digestOf(bySource: ReadonlyMap<number, Position>): bigint {
  const bytes = Buffer.alloc(bySource.size * DIGESTED_LENGTH)
  const entries = [...bySource].sort(([a], [b]) => a - b)
  for (const [index, [id, { segmentId, offset }]] of entries.entries()) {
    const at = index * DIGESTED_LENGTH
    bytes.writeUInt32LE(id, at)
    bytes.writeBigUInt64LE(BigInt(segmentId), at + 4)
    bytes.writeBigUInt64LE(BigInt(offset), at + 12)
  }
  return BigInt(crc32(bytes))
}

/** Writes hints. Files are opened once; a save is a `pwrite` for each source that moved, and one more. */
export class HintFiles {
  readonly #directory: string
  #folder: QueueDirectory | undefined
  readonly #files = new Map<number, { readonly fd: number; generation: number }>()
  #saved = new Map<number, Position>()

  /** @param directory of the output. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Saves the sources first: a crash in between leaves an old place to look from, and so no output is missed. */
  save(hints: OutputHints): void {
    try {
      for (const [id, position] of hints.bySource) if (this.#saved.get(id) !== position) this.#saveOne(id, position, realtimeNs())
      this.#saveOne(LOOK_FROM, hints.lookFrom, digestOf(hints.bySource))
      this.#saved = new Map(hints.bySource)
    } catch (error) {
      throw fromSystemError(error, { path: join(this.#directory, SOURCES_DIRECTORY) })
    }
  }

  close(): void {
    for (const { fd } of this.#files.values()) closeSync(fd)
    this.#files.clear()
    this.#folder?.close()
    this.#folder = undefined
  }

  #saveOne(id: number, { segmentId, offset }: Position, heartbeatNs: bigint): void {
    const file = this.#files.get(id) ?? this.#open(id)
    file.generation++
    const slot = encodePositionSlot({ segmentId, offset, heartbeatNs, generation: file.generation }, crc32)
    writeSync(file.fd, slot, 0, slot.length, (file.generation % POSITION_SLOT_COUNT) * POSITION_SLOT_LENGTH)
  }

  #open(id: number): { readonly fd: number; generation: number } {
    this.#folder ??= makeFolder(this.#directory)
    const path = this.#folder.at(hintFileName(id))
    // Made again with two empty slots: what it says was read before. What has the name may be a link.
    rmSync(path, { force: true })
    const fd = openPath(path, 'createNew', this.#folder.fileMode)
    writeSync(fd, new Uint8Array(POSITION_SLOT_COUNT * POSITION_SLOT_LENGTH))
    const file = { fd, generation: 0 }
    this.#files.set(id, file)
    return file
  }
}

function makeFolder(directory: string): QueueDirectory {
  const queue = openQueueDirectory(directory)
  try {
    return queue.makeFolder(SOURCES_DIRECTORY)
  } finally {
    queue.close()
  }
}

function hintFileName(id: number): string {
  return `${id}.meta`
}

function readHint(directory: string, id: number): (Position & { readonly heartbeatNs: bigint }) | undefined {
  try {
    const bytes = Buffer.alloc(POSITION_SLOT_COUNT * POSITION_SLOT_LENGTH)
    const fd = openPath(join(directory, SOURCES_DIRECTORY, hintFileName(id)), 'read')
    try {
      readWhole(fd, bytes, 0)
    } finally {
      closeSync(fd)
    }
    const decoded = decodePosition(bytes, crc32)
    return decoded === 'bad' ? undefined : decoded
  } catch {
    return undefined
  }
}
