import { QueueError } from '@chronicle-ts/core'

const RETRY_INTERVAL_MS = 10
/** What an open says of a queue that its writer has not created yet, or is creating. */
const NOT_THERE_YET = ['ERR_NOT_FOUND', 'ERR_NOT_A_QUEUE', 'ERR_NOT_READY']

/**
 * Opens something in a queue as soon as the queue is there.
 *
 * @returns `undefined` when told to stop before that
 * @throws whatever `open` throws for other reasons
 */
export async function openWhenThere<T>(open: () => T, link: { readonly isStopping: boolean }): Promise<T | undefined> {
  while (!link.isStopping) {
    try {
      return open()
    } catch (error) {
      if (!(error instanceof QueueError && NOT_THERE_YET.includes(error.code))) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS))
  }
  return undefined
}
