import { join } from 'node:path'
import {
  ClosedError,
  type MessageCopy,
  type ObserverOptions,
  openObserver,
  openReader,
  openWriter,
  type QueueObserver,
  type QueueReader,
  type QueueWriter,
  type ReaderOptions,
  type WriterOptions,
} from '@chronicle-ts/core'
import { makeFolder, removeFolder } from './memory-folder.js'
import { filesAfterPowerCut, type QueueFiles, readFiles, restoreFiles } from './stopped-queue.js'

/** Enough for the messages of a test, and made in a millisecond. */
const SEGMENT_SIZE = 64 * 1024

/** Options of the writer. Other defaults than those of `openWriter`: segments of 64 KiB, and no page is touched ahead. */
export interface MemoryQueueOptions extends WriterOptions {}

/** A queue of a test. See `memoryQueue`. */
export class MemoryQueue {
  readonly directory: string
  readonly #folder: string
  readonly #options: WriterOptions
  readonly #handles = new Set<{ close(): void }>()
  #writer: QueueWriter
  #drained: QueueObserver | undefined
  #drainedTo = 0
  #isClosed = false

  /** Use `memoryQueue`. */
  constructor(options: MemoryQueueOptions) {
    this.#options = { segmentSize: SEGMENT_SIZE, prefault: false, ...options }
    this.#folder = makeFolder()
    this.directory = join(this.#folder, 'queue')
    try {
      this.#writer = openWriter(this.directory, this.#options)
    } catch (error) {
      removeFolder(this.#folder)
      throw error
    }
  }

  /** The writer: another one after {@link crash} and {@link cutPower}. */
  get writer(): QueueWriter {
    return this.#writer
  }

  /** Opens a reader that is closed with the queue. */
  reader(name = 'test', options?: ReaderOptions): QueueReader {
    this.#assertOpen()
    return this.#kept(openReader(this.directory, name, options))
  }

  /** Opens an observer that is closed with the queue. */
  observer(options?: ObserverOptions): QueueObserver {
    this.#assertOpen()
    return this.#kept(openObserver(this.directory, options))
  }

  /** Returns the messages that were appended since the last call, or since the queue was made. Registers no reader and pins nothing. */
  drain(): MessageCopy[] {
    this.#assertOpen()
    this.#drained ??= openObserver(this.directory, { start: { sequence: this.#drainedTo } })
    const messages: MessageCopy[] = []
    for (let message = this.#drained.next(); message !== undefined; message = this.#drained.next()) messages.push(message.copy())
    this.#drainedTo = (messages.at(-1)?.sequence ?? this.#drainedTo - 1) + 1
    return messages
  }

  /**
   * Lets the writer die as by kill -9, and opens the next one, which recovers the queue: all that was appended is there, and claims that are open leave nothing. Readers stay open, as those of
   * other processes would.
   */
  crash(): void {
    this.#assertOpen()
    this.#reopenOn(readFiles(this.directory))
  }

  /**
   * Cuts the power, and opens the next writer as on the restarted machine: only messages below `durableSequence` are left. This is the least that a disk may keep. Closes every reader
   * that this queue opened; the positions that they committed stay, as far as the messages do.
   */
  cutPower(): void {
    this.#assertOpen()
    this.#closeHandles()
    this.#reopenOn(filesAfterPowerCut(readFiles(this.directory)))
    this.#drainedTo = Math.min(this.#drainedTo, this.#writer.nextSequence)
  }

  /** Closes the writer and all handles that this queue opened, and deletes its files. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#closeHandles()
    this.#writer.close()
    removeFolder(this.#folder)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #reopenOn(files: QueueFiles): void {
    this.#writer.close()
    restoreFiles(this.directory, files)
    this.#writer = openWriter(this.directory, this.#options)
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError({ handle: 'memory queue', directory: this.directory })
  }

  #kept<Handle extends { close(): void }>(handle: Handle): Handle {
    this.#handles.add(handle)
    return handle
  }

  #closeHandles(): void {
    for (const handle of this.#handles) handle.close()
    this.#handles.clear()
    this.#drained?.close()
    this.#drained = undefined
  }
}
