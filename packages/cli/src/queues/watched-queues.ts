import { FileMemory, findQueues, type QueueInspection, type QueueState, readLockTable, StateHistory } from '@chronicle-ts/inspect'
import { messageOfError } from '../error-report.js'
import { pathBelow } from './queue-names.js'

/** One queue that is looked at again and again. */
export interface WatchedQueue {
  readonly directory: string
  /** Its path below the root. */
  readonly name: string
  readonly inspection: QueueInspection
  readonly state: QueueState
  readonly history: StateHistory
}

/** One look at everything below a root. */
export interface QueueWatch {
  readonly queues: readonly WatchedQueue[]
  readonly unreadable: readonly { readonly directory: string; readonly name: string; readonly message: string }[]
  /** Directories that were not searched, or could not be listed. */
  readonly leftOut: readonly string[]
  /** Those of them that could not be listed. */
  readonly unlisted: readonly string[]
  /** What the look took. */
  readonly lookMs: number
}

/** Looks at every queue below a root again and again, so that rates, arrivals and times to catch up are measured. Each look costs a few reads for each queue. */
export class WatchedQueues {
  readonly #searched = new FileMemory()
  readonly #histories = new Map<string, StateHistory>()

  constructor(readonly root: string) {}

  /** @throws NotFoundError, PermissionError, NotAQueueError when the root cannot be listed. */
  look(): QueueWatch {
    const begun = performance.now()
    const found = findQueues(this.root, { memory: this.#searched })
    const locks = readLockTable()
    const queues: WatchedQueue[] = []
    const unreadable: QueueWatch['unreadable'][number][] = []
    for (const directory of found.directories) {
      const name = pathBelow(this.root, directory)
      try {
        const history = this.#historyOf(directory)
        queues.push({ directory, name, history, ...history.look(directory, { locks }) })
      } catch (error) {
        unreadable.push({ directory, name, message: messageOfError(error) })
      }
    }
    const present = new Set(found.directories)
    for (const directory of this.#histories.keys()) if (!present.has(directory)) this.#histories.delete(directory)
    const leftOut = [...found.leftOut, ...found.unreadable]
    return { queues, unreadable, leftOut, unlisted: found.unreadable, lookMs: performance.now() - begun }
  }

  #historyOf(directory: string): StateHistory {
    let history = this.#histories.get(directory)
    if (history === undefined) {
      history = new StateHistory()
      this.#histories.set(directory, history)
    }
    return history
  }
}
