import { fstatSync, fsyncSync, ftruncateSync, futimesSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  binding,
  type NativePositionSaver,
  POSITION_OFFSET,
  POSITION_SEGMENT_ID,
  POSITION_WRITER_BLOCKED,
} from '@chronicle-ts/native'
import { LOCK_RETRY_MS } from '../defaults.js'
import { BadPositionError, fromSystemError, InvalidArgumentError, LinkError, ReaderActiveError } from '../errors/index.js'
import { closeQuietly } from '../files/close-quietly.js'
import { type FileIdentity, identityOf } from '../files/file-identity.js'
import { isNamedOutside } from '../files/outside-names.js'
import type { OwnedFile } from '../files/owned-file.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openRegularFile } from '../files/regular-file.js'
import { takeLock } from '../files/take-lock.js'
import { readWhole, writeWhole } from '../files/whole-transfer.js'
import {
  decodePosition,
  encodePosition,
  isBlankPosition,
  isReaderName,
  POSITION_LENGTH,
  POSITION_ZERO_OFFSET,
  QUARANTINE_DIRECTORY,
  READERS_DIRECTORY,
  readerFileName,
  renewPosition,
  type SavedPosition,
} from '../format/index.js'

/** A position as callers give and get it: where the next message stands. */
export interface Position {
  readonly segmentId: number
  readonly offset: number
}

const crc32 = (bytes: Uint8Array): number => binding.crc32(bytes)

/**
 * A named reader's `readers/<name>.meta`. It is locked for the reader's life, so that two readers never share a name. It is mapped once there is a position, so that saving it
 * costs no system call.
 */
export class PositionFile {
  /** For messages. */
  readonly path: string
  readonly #folder: QueueDirectory
  readonly #directory: QueueDirectory
  readonly #fileName: string
  readonly #fd: number
  readonly #identity: FileIdentity
  #mapping: ArrayBuffer | undefined
  #saver: NativePositionSaver | undefined
  #isEntrySynced = false

  private constructor(held: { directory: QueueDirectory; folder: QueueDirectory; fileName: string; fd: number }) {
    this.#directory = held.directory
    this.#folder = held.folder
    this.#fileName = held.fileName
    this.path = held.folder.describe(held.fileName)
    this.#fd = held.fd
    this.#identity = identityOf(held.fd)
  }

  /**
   * Opens, or creates, and locks the file.
   *
   * @throws {@link ReaderActiveError} `ERR_READER_ACTIVE` when the name is in use, {@link LinkError} `ERR_LINK` when the file has a name outside of the queue, {@link InvalidArgumentError} when it is not a name.
   */
  static open(directory: QueueDirectory, name: string): PositionFile {
    checkReaderName(name)
    const fileName = readerFileName(name)
    const folder = directory.makeFolder(READERS_DIRECTORY)
    try {
      for (;;) {
        const fd = lockedDescriptor(folder, fileName, { directory: directory.path, reader: name })
        let opened: PositionFile | undefined
        try {
          if (isNamedOutside(folder.at(fileName), [folder.self, directory.at(QUARANTINE_DIRECTORY)]))
            throw new LinkError({ path: folder.describe(fileName), isHard: true })
          // Another open of this name may have removed the file between our open and our lock: then the lock is on a file without a name.
          if (fstatSync(fd).nlink > 0) opened = new PositionFile({ directory, folder, fileName, fd })
        } finally {
          if (opened === undefined) closeQuietly(fd)
        }
        if (opened !== undefined) return opened
      }
    } catch (cause) {
      folder.close()
      throw fromSystemError(cause, { path: folder.describe(fileName) })
    }
  }

  /**
   * The saved position, `undefined` for a new name, `'bad'` when the file holds none that is valid. A file of zeros is new: the power was cut before its first
   * position reached the disk.
   */
  load(): SavedPosition | 'bad' | undefined {
    const bytes = Buffer.alloc(POSITION_LENGTH + 1)
    const length = this.#coded(() => readWhole(this.#fd, bytes, 0))
    const content = bytes.subarray(0, length)
    return isBlankPosition(content) ? undefined : decodePosition(content, crc32)
  }

  /** @throws {@link BadPositionError} for a file without a valid position. */
  loadValid(name: string): SavedPosition | undefined {
    const position = this.load()
    if (position === 'bad') throw new BadPositionError({ path: this.path, reader: name, detail: 'no slot is valid' })
    return position
  }

  /**
   * Saves where the reader begins, in a file of two slots, independent of its form before, and maps it. Called when the open can no longer fail, so that a failed open
   * leaves no registration (L10). A position that is saved already keeps the time at which it was committed while messages are unread: a reader that is started again and again makes no progress.
   *
   * @param options.control the mapped control block, in which a writer announces that it waits for readers.
   */
  begin(first: Position, { hasUnread, control }: { readonly hasUnread: boolean; readonly control: ArrayBuffer }): void {
    this.#coded(() => {
      const found = this.load()
      const isWhole = found !== undefined && found !== 'bad' && !found.legacy
      // Before anything is written: where there is no room for a mapping, a new name stays unknown.
      this.#mapping = binding.mapFile(this.#fd, POSITION_LENGTH, true)
      this.#saver = binding.createPositionSaver(this.#mapping, control)
      if (!isWhole) this.#rewrite(first, found)
      else if (hasUnread && isSamePlace(found, first)) this.#renew()
      else this.save(first)
    })
  }

  #rewrite(first: Position, found: SavedPosition | 'bad' | undefined): void {
    const generation = found === 'bad' || found === undefined ? 1 : found.generation + 1
    const bytes = encodePosition({ ...first, heartbeatNs: binding.realtimeNs(), generation }, crc32)
    let isWritten = false
    try {
      // Written before it is cut to length: killed in between, it has a valid slot, and not a length without content.
      writeWhole(this.#fd, bytes, 0)
      isWritten = true
      ftruncateSync(this.#fd, POSITION_LENGTH)
      fsyncSync(this.#fd)
      if (found === undefined) this.#syncEntry()
    } catch (cause) {
      if (found === undefined) this.#blank(isWritten)
      throw cause
    }
  }

  /** Makes the file a new reader's again, which `abandon` removes. */
  #blank(isWritten: boolean): void {
    try {
      ftruncateSync(this.#fd, 0)
    } catch (cause) {
      // Zeros are a new reader, too, and a store needs no system call. Beyond the end of a file that was not written it would kill the process.
      if (!isWritten) throw cause
      if (this.#mapping !== undefined) new Uint8Array(this.#mapping).fill(0)
    }
  }

  #coded<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (cause) {
      throw fromSystemError(cause, { path: this.path })
    }
  }

  /** The file's name, and the folder's, which the first reader made. */
  #syncEntry(): void {
    this.#folder.sync()
    this.#directory.sync()
    this.#isEntrySynced = true
  }

  /** Saves a position: no system call. */
  save(position: Position): void {
    this.saveAt(position.segmentId, position.offset)
  }

  /** {@link save} without an object, for the hot path. Returns whether the writer waits for readers: if it began to before the position was there, it has to be notified. */
  saveAt(segmentId: number, offset: number): boolean {
    const saver = this.#saver
    if (saver === undefined) return false
    saver.state[POSITION_SEGMENT_ID] = segmentId
    saver.state[POSITION_OFFSET] = offset
    saver.save()
    return saver.state[POSITION_WRITER_BLOCKED] === 1
  }

  /**
   * Saves the position that is there once more, with the present time. The reader of a quiet queue commits nothing for long, and must not be considered gone the moment it
   * closes. While messages are unread, the time at which the position was committed stays in the file. Never throws: a position that cannot be read has no time.
   */
  restamp({ hasUnread }: { readonly hasUnread: boolean }): void {
    try {
      const saved = this.load()
      if (saved === undefined || saved === 'bad') return
      if (hasUnread) this.#renew()
      else this.save(saved)
    } catch {
      // Left as it is, for the next open to report.
    }
  }

  #renew(): void {
    if (this.#mapping !== undefined) renewPosition(new Uint8Array(this.#mapping), binding.realtimeNs(), crc32)
  }

  /** The file that is locked and mapped here. */
  get owned(): OwnedFile {
    const mappedLength = (): number => (this.#mapping === undefined ? 0 : POSITION_LENGTH)
    return {
      directory: this.#directory,
      name: join(READERS_DIRECTORY, this.#fileName),
      identity: this.#identity,
      get length() {
        return mappedLength()
      },
    }
  }

  /** Makes the last saved position survive a power cut. */
  sync(): void {
    this.#coded(() => {
      if (this.#mapping !== undefined) {
        // After a failed write-back the kernel considers the page clean, and this sync would write nothing: a store makes it dirty again.
        new Uint8Array(this.#mapping)[POSITION_ZERO_OFFSET] = 0
        binding.syncRange(this.#mapping, 0, POSITION_LENGTH)
      }
      fsyncSync(this.#fd)
      // Another process may have made the file and died before it synced the name.
      if (!this.#isEntrySynced) this.#syncEntry()
    })
  }

  /** Changes the file's times, of which the kernel notifies a writer that watches its readers. */
  touch(): void {
    const now = new Date()
    this.#coded(() => futimesSync(this.#fd, now, now))
  }

  /** Closes after a failed open: a file that this open made and never filled is removed. Never throws, because the open has failed with an error of its own. */
  abandon(): void {
    try {
      if (this.load() === undefined) rmSync(this.#folder.at(this.#fileName), { force: true })
    } catch {
      // What is left is a new reader for the next open.
    }
    this.close()
  }

  /** Never throws: the descriptors are free for every answer of the system. */
  close(): void {
    this.#saver?.detach()
    this.#saver = undefined
    if (this.#mapping !== undefined) binding.unmap(this.#mapping)
    this.#mapping = undefined
    closeQuietly(this.#fd)
    this.#folder.close()
  }

  /** Deletes the file, for good, and syncs that. */
  remove(): void {
    this.#coded(() => rmSync(this.#folder.at(this.#fileName)))
    this.#folder.sync()
  }
}

/** @throws {@link InvalidArgumentError} for what would name a file elsewhere, or none. */
export function checkReaderName(name: string): void {
  if (typeof name === 'string' && isReaderName(name)) return
  throw new InvalidArgumentError({ argument: 'name', value: name, expected: '1 to 128 of A-Z a-z 0-9 . _ -, no dot in front' })
}

function isSamePlace(one: Position, other: Position): boolean {
  return one.segmentId === other.segmentId && one.offset === other.offset
}

/** The process that held the lock may be about to end. */
function lockedDescriptor(folder: QueueDirectory, fileName: string, named: { directory: string; reader: string }): number {
  const fd = openRegularFile(folder.at(fileName), 'create')
  try {
    if (!takeLock(fd, () => LOCK_RETRY_MS)) throw new ReaderActiveError(named)
    return fd
  } catch (cause) {
    closeQuietly(fd)
    throw cause
  }
}
