import { join } from 'node:path'
import { openReader, type QueueReader, type ReaderOptions } from '@chronicle-ts/core'
import { isReaderName, READERS_DIRECTORY, readerFileName } from '@chronicle-ts/core/internal'
import { inspectLock } from '@chronicle-ts/inspect'
import { birthStamp } from '../markers/marker-file.js'
import type { QueueWatch } from '../queue/queue-watch.js'
import { queueIsThere } from '../queue/writer-epoch.js'

/** What distinguishes a queue from another one at the same path. */
interface QueueIdentity {
  readonly directory: string
  readonly control: string
}

interface SubscriberPlaceParts {
  readonly directory: string
  /** Of the reader. */
  readonly name: string
  readonly reader: ReaderOptions | undefined
  readonly watch: QueueWatch
}

/**
 * Where a subscription reads: which queue its reader belongs to, whether that one is still at its path, and from which message the next reader goes on.
 */
export class SubscriberPlace {
  readonly #directory: string
  readonly #name: string
  readonly #options: ReaderOptions
  readonly #watch: QueueWatch
  /** The queue that was opened last. */
  #attachedTo: QueueIdentity | undefined
  /** The position file of its reader. */
  #position: string | undefined
  /** The last queue that was lost, and what its reader would have returned next. */
  #left: { readonly directory: string; readonly position: string; readonly nextSequence: number } | undefined
  /** There was no queue, or another one: what appears now is new from its first message on. */
  #isNew = false

  constructor({ directory, name, reader, watch }: SubscriberPlaceParts) {
    this.#directory = directory
    this.#name = name
    this.#options = reader ?? {}
    this.#watch = watch
  }

  /**
   * Opens the reader, or returns why it cannot be opened now. The queue is identified first: one that is replaced while it is opened shows as replaced at the next look.
   *
   * @throws what the system or the queue says; the next call tries again.
   */
  open(): QueueReader | 'no-queue' | 'name-in-use' {
    const identity = this.#identify()
    if (identity === undefined || !queueIsThere(this.#directory)) {
      this.#isNew = true
      return 'no-queue'
    }
    if (this.#nameIsInUse()) return 'name-in-use'
    const position = this.#positionStamp()
    const reader = openReader(this.#directory, this.#name, this.#readerOptions())
    this.#goOn(reader, { directory: identity.directory, position })
    this.#position = this.#positionStamp()
    this.#attachedTo = identity
    this.#isNew = true
    return reader
  }

  /** Says whether the queue that was opened last is not at its path any more. A look that the system does not permit says nothing, and the reader goes on. */
  loss(): 'queue-gone' | 'queue-replaced' | undefined {
    const attachedTo = this.#attachedTo
    try {
      const now = this.#identify()
      if (now === undefined) return 'queue-gone'
      return now.directory === attachedTo?.directory && now.control === attachedTo.control ? undefined : 'queue-replaced'
    } catch {
      return undefined
    }
  }

  /** The reader is given up. `wasLost`: because of a {@link loss}; {@link readUpTo} then says how far it came. */
  leave(wasLost: boolean): void {
    const directory = this.#attachedTo?.directory
    const position = this.#position
    const isKnown = wasLost && directory !== undefined && position !== undefined
    this.#left = isKnown ? { directory, position, nextSequence: -1 } : undefined
  }

  /** The reader that was given up has returned all messages before this sequence; -1 where that is not known. */
  readUpTo(nextSequence: number): void {
    if (this.#left !== undefined) this.#left = { ...this.#left, nextSequence }
  }

  #identify(): QueueIdentity | undefined {
    const directory = this.#watch.directoryStamp()
    const control = this.#watch.controlStamp()
    return directory === undefined || control === undefined ? undefined : { directory, control }
  }

  /** What is new is read from its first message, and a position that this subscription has saved is not forgotten when it opens the queue again. */
  #readerOptions(): ReaderOptions {
    const { start, reset, ...options } = this.#options
    const wasConnected = this.#attachedTo !== undefined
    return {
      ...options,
      ...(start !== undefined && !this.#isNew && { start }),
      ...(reset !== undefined && !wasConnected && { reset }),
    }
  }

  /**
   * What the former reader of this queue returned is not returned again. It is the same queue when the directory is the same and the former reader's position file is still in
   * it. A directory that was emptied can hold another queue, whose sequences begin again.
   */
  #goOn(reader: QueueReader, found: { readonly directory: string; readonly position: string | undefined }): void {
    const left = this.#left
    this.#left = undefined
    if (left === undefined || left.nextSequence < 0) return
    if (left.directory !== found.directory || left.position !== found.position) return
    try {
      reader.seek({ sequence: left.nextSequence })
    } catch (error) {
      reader.close()
      throw error
    }
  }

  /** Asked beforehand, because an open would wait a while for the name to become free. */
  #nameIsInUse(): boolean {
    return isReaderName(this.#name) && inspectLock(this.#positionPath).held === true
  }

  /** Distinguishes the reader's position file from another one in its place; `undefined` while it is missing or cannot be looked at. */
  #positionStamp(): string | undefined {
    try {
      return birthStamp(this.#positionPath, 'file')
    } catch {
      return undefined
    }
  }

  get #positionPath(): string {
    return join(this.#directory, READERS_DIRECTORY, readerFileName(this.#name))
  }
}
