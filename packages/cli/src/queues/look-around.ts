import { statSync } from 'node:fs'
import { join } from 'node:path'
import { NotAQueueError } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import {
  type FoundQueues,
  findQueues,
  inspectState,
  listQueue,
  QUICK_SEGMENTS,
  type QueueInspection,
  type QueueState,
  readLockTable,
  type StateOptions,
} from '@chronicle-ts/inspect'
import type { CommandContext } from '../command-context.js'
import { InterruptedError } from '../command-error.js'
import { messageOfError } from '../error-report.js'
import { interruptibleIf, takeTurn } from '../interruptible.js'

/** Why a directory below the root is not in the result. */
const LEFT_OUT = 'this directory was not searched, because it is a link or lies too deep: name it to look at it'

/** One queue that was looked at. */
export interface LookedQueue {
  readonly directory: string
  readonly inspection: QueueInspection
  readonly state: QueueState
}

/** A directory that could not be looked at, and why. */
export interface UnreadableQueue {
  readonly directory: string
  readonly message: string
}

/** What stands in and below a directory. */
export interface LookAround {
  readonly queues: readonly LookedQueue[]
  readonly unreadable: readonly UnreadableQueue[]
  readonly found: FoundQueues
  /** The directory that was named is a queue itself. */
  readonly isSingle: boolean
  /** Everything that was found could be looked at. */
  readonly isWhole: boolean
}

export interface LookOptions {
  /** Options of each look; thresholds that the caller gives go before those of the queue's file. */
  readonly stateOptions?: (directory: string) => StateOptions
  /** Leave out what costs more than a few reads for each queue. */
  readonly quick?: boolean
}

/** A head of small messages with so many bytes takes a tenth of a second. */
const LONG_HEAD_BYTES = 16 * 1024 * 1024

/**
 * Looks at a queue, or at every queue below a directory, each on its own: one that vanishes or may not be read hides no other.
 *
 * Signals are heard between two queues, and Ctrl-C also within one, where a look at damage may take long.
 *
 * @throws NotAQueueError when there is none; NotFoundError and PermissionError of the directory itself; InterruptedError.
 */
export async function lookAround(
  context: Pick<CommandContext, 'signal'>,
  directory: string,
  options: LookOptions = {},
): Promise<LookAround> {
  await takeTurn(context)
  const found = findQueues(directory)
  if (found.directories.length === 0) throw noQueueError(directory, found)
  const isSingle = found.directories.length === 1 && found.directories[0] === directory
  const queues: LookedQueue[] = []
  const locks = readLockTable()
  const unreadable: UnreadableQueue[] = []
  for (const queue of found.directories) {
    await takeTurn(context)
    const stateOptions = options.stateOptions?.(queue)
    try {
      const looked =
        options.quick === true
          ? inspectState(queue, { ...stateOptions, locks, quick: true, segmentLimit: QUICK_SEGMENTS })
          : interruptibleIf(isLong(queue), () => inspectState(queue, { ...stateOptions, locks }))
      queues.push({ directory: queue, ...looked })
    } catch (error) {
      // A queue that was named is the error; one of many is only missing.
      if (isSingle || error instanceof InterruptedError) throw error
      unreadable.push({ directory: queue, message: messageOfError(error) })
    }
  }
  const isWhole = unreadable.length === 0 && found.unreadable.length === 0 && !found.isPartial
  return { queues, unreadable, found, isSingle, isWhole }
}

/** Every directory that could not be looked at. */
export function unreadableIn({ unreadable, found }: LookAround): string[] {
  return [...unreadable.map(({ directory }) => directory), ...found.unreadable]
}

/** Whether a look may take longer than signals should wait: it walks over the head, record by record. The head is the last segment, or the one before a prepared one. */
function isLong(queue: string): boolean {
  const newest = listQueue(queue).segmentIds.slice(-2)
  return newest.some((id) => allocatedBytes(join(queue, segmentFileName(id))) > LONG_HEAD_BYTES)
}

function allocatedBytes(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512
}

/** Writes to the log what a look could not see. */
export function logGaps({ log }: CommandContext, { unreadable, found }: LookAround): void {
  for (const { directory, message } of unreadable) log.warn({ directory }, message)
  logDirectoriesLeftOut({ log }, found)
}

/** Writes to the log which directories were not searched for queues. */
export function logDirectoriesLeftOut({ log }: Pick<CommandContext, 'log'>, found: FoundQueues): void {
  for (const path of found.unreadable) log.warn({ path }, 'this directory cannot be listed')
  for (const path of found.leftOut) log.info({ path }, LEFT_OUT)
  if (found.isPartial) log.warn('there are too many directories: not all of them were searched')
}

/** Says that there is no queue, and what was not searched. */
export function noQueueError(directory: string, { unreadable, leftOut }: FoundQueues): NotAQueueError {
  const hidden = unreadable.length > 0 ? `, and ${unreadable.length} directories in it cannot be listed` : ''
  const notSearched = leftOut.length > 0 ? `, and links or deep directories in it were not searched: ${leftOut.length}` : ''
  return new NotAQueueError({ directory, detail: `there is no queue in or below it${hidden}${notSearched}` })
}
