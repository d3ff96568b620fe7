import { join } from 'node:path'
import { isQueueError } from '@chronicle-ts/core'
import { CONTROL_FILE, type ControlBlock, READERS_DIRECTORY, readerFileName } from '@chronicle-ts/core/internal'
import { type ColdPosition, inspectLock } from '@chronicle-ts/inspect'
import { UNREAD_LOOK_MS } from '../defaults.js'
import { birthStamp } from '../markers/marker-file.js'
import { readControlBlock } from '../queue/writer-epoch.js'
import { countUnread, savedPosition, type UnreadMessages } from './unread-messages.js'

/**
 * Asks now and then whether a queue without READY holds messages that the router's reader has not read, and says so once for each state of the queue. A queue that a router has
 * open is left to that router.
 */
export class UnreadWatch {
  /** Directory, head and position when the answer was given last. */
  #answered: string | undefined
  #dueMs = Number.NEGATIVE_INFINITY

  constructor(
    readonly queueDirectory: string,
    readonly readerName: string,
  ) {}

  /** The queue is announced: its router reads it, and has a while to finish after READY went. */
  postpone(): undefined {
    this.#dueMs = performance.now() + UNREAD_LOOK_MS
  }

  /**
   * Returns what is unread, when that was not returned before.
   *
   * @param thorough asks however recently that was done.
   * @throws `ERR_PERMISSION`, `ERR_LIMIT`, `ERR_IO`, `ERR_LINK`: the system does not permit the look.
   */
  look(thorough: boolean): UnreadMessages | undefined {
    if (!thorough && performance.now() < this.#dueMs) return undefined
    this.postpone()
    // Another queue that took this one's place, with its directory or in it, may hold as much as this one did.
    const directory = birthStamp(this.queueDirectory, 'directory')
    if (directory === undefined) return undefined
    const queue = `${directory} ${birthStamp(join(this.queueDirectory, CONTROL_FILE), 'file')}`
    const control = readControlBlock(this.queueDirectory)
    const position = this.#position()
    const { writerEpoch, currentSegment, writeOffset, nextSequence = 0 } = control ?? {}
    const state = [queue, writerEpoch, currentSegment, writeOffset, nextSequence, position?.segmentId, position?.offset].join(' ')
    if (state === this.#answered) return undefined
    // Without a control block, or with a damaged one, the segments say whether something is there.
    const unread = this.#count(position, { nextSequence })
    if (unread !== undefined && this.#isServed()) return undefined
    this.#answered = state
    return unread
  }

  /** The queue may vanish between two steps, and then nothing is left in it. */
  #count(position: ColdPosition | undefined, control: Pick<ControlBlock, 'nextSequence'>): UnreadMessages | undefined {
    return unlessGone(() => countUnread(this.queueDirectory, position, control))
  }

  #position(): ColdPosition | undefined {
    return unlessGone(() => savedPosition(this.queueDirectory, this.readerName))
  }

  #isServed(): boolean {
    return inspectLock(join(this.queueDirectory, READERS_DIRECTORY, readerFileName(this.readerName))).held === true
  }
}

function unlessGone<Result>(look: () => Result): Result | undefined {
  try {
    return look()
  } catch (error) {
    if (isQueueError(error, 'ERR_NOT_FOUND') || isQueueError(error, 'ERR_NOT_A_QUEUE')) return undefined
    throw error
  }
}
