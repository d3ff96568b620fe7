import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type DirectoryPath, isQueueError, openReader, type ReaderOptions, removeReader } from '@chronicle-ts/core'
import { checkOptions, fromSystemError, pathOf, READERS_DIRECTORY } from '@chronicle-ts/core/internal'
import { inspectQueue, type QueueProblem, type ReaderLag } from '@chronicle-ts/inspect'

/** A reader that is registered at a queue, whether it runs or not. */
export interface ReaderRecord {
  readonly name: string
  /** Whether it is open in some process: it holds its lock. Readers of the Rust implementation take none and show as `false`. `undefined` where that cannot be asked. */
  readonly alive: boolean | undefined
  /** Of the process that has it open; `undefined` when it is not, or lives in another pid namespace. */
  readonly pid: number | undefined
  /** Where it goes on; `undefined` when its file is damaged. */
  readonly position: { readonly segmentId: number; readonly offset: number } | undefined
  /** What it has not committed yet. */
  readonly lag: ReaderLag | undefined
  /** When it last committed, nanoseconds since 1970. */
  readonly lastCommitNs: bigint | undefined
  /** What is wrong with its file. Such a reader still pins what it may need. */
  readonly problem: QueueProblem | undefined
}

/**
 * The readers of one queue: which they are, their lag, whether they run. Looking joins nothing: no lock, no registration, no mapping, read permission is
 * enough.
 *
 * @example
 * for (const { name, alive, lag } of new ReaderRegistration(queue).list()) console.log(name, alive, lag?.messages)
 */
export class ReaderRegistration {
  readonly queueDirectory: string

  constructor(queueDirectory: DirectoryPath) {
    this.queueDirectory = pathOf(queueDirectory)
  }

  /**
   * All registered readers, by name. A queue that is broken is not an error; a folder of readers that cannot be listed is one.
   *
   * @throws `ERR_NOT_FOUND`, `ERR_NOT_A_QUEUE`, `ERR_PERMISSION`: the directory cannot be looked at.
   */
  list(): ReaderRecord[] {
    const { readers, problems } = inspectQueue(this.queueDirectory)
    if (problems.some(({ file }) => file === READERS_DIRECTORY)) this.#assertListable()
    return readers.map((reader) => ({
      name: reader.name,
      alive: reader.lock.held,
      pid: reader.lock.held === true ? reader.lock.pid : undefined,
      position: reader.position,
      lag: reader.lag,
      lastCommitNs: reader.lastCommitNs,
      problem: reader.problem,
    }))
  }

  /** Readers that cannot be listed are not none. */
  #assertListable(): void {
    const path = join(this.queueDirectory, READERS_DIRECTORY)
    try {
      readdirSync(path)
    } catch (cause) {
      throw fromSystemError(cause, { path })
    }
  }

  /**
   * Registers a name before its reader runs for the first time: from now on it pins what it has not read. A name that is registered already keeps its position, unless
   * `start` says another one.
   *
   * @throws what `openReader` throws: `ERR_NOT_FOUND`, `ERR_READER_ACTIVE`, `ERR_INVALID_ARGUMENT`, ...
   */
  register(name: string, options: Pick<ReaderOptions, 'start' | 'onLost'> = {}): void {
    checkOptions(options, { start: true, onLost: true })
    openReader(this.queueDirectory, name, options).close()
  }

  /**
   * Forgets a name and its position, also a damaged one; what it pinned is free. Returns whether it was registered.
   *
   * @throws `ReaderActiveError` `ERR_READER_ACTIVE` while it runs.
   */
  unregister(name: string): boolean {
    try {
      return removeReader(this.queueDirectory, name)
    } catch (error) {
      // Where no queue is, no name is registered.
      if (isQueueError(error, 'ERR_NOT_FOUND')) return false
      throw error
    }
  }
}
