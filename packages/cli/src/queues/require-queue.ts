import { NotAQueueError } from '@chronicle-ts/core'
import { isQueueListing, listQueue } from '@chronicle-ts/inspect'

/** @throws `NotAQueueError` for a directory that holds nothing of a queue, and what listing it throws. */
export function requireQueue(directory: string): void {
  if (!isQueueListing(listQueue(directory)))
    throw new NotAQueueError({ directory, detail: 'it holds neither a control block nor a segment' })
}
