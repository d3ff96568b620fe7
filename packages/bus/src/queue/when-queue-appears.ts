import { onAbort } from '@chronicle-ts/core/internal'
import { QueueWatch, type QueueWatchOptions } from './queue-watch.js'
import { queueIsThere } from './writer-epoch.js'

/** How {@link whenQueueAppears} waits. */
export interface AppearanceOptions extends QueueWatchOptions {
  /** Ends the waiting. @defaultValue wait without a limit */
  readonly signal?: AbortSignal
}

/**
 * Waits until a writer has made the queue, so that it can be opened for reading: true when it is there, false when the signal aborted before. Neither the queue nor
 * any directory above it need exist. Rejects when the system does not let us look.
 */
export function whenQueueAppears(queueDirectory: string, options: AppearanceOptions = {}): Promise<boolean> {
  const { signal } = options
  return new Promise((resolve, reject) => {
    const watch = new QueueWatch(queueDirectory, options, look)
    const stopListening = signal === undefined ? () => {} : onAbort(signal, look)
    watch.keepAlive(true)
    look()

    function look(): void {
      try {
        const isThere = queueIsThere(queueDirectory)
        if (isThere || signal?.aborted === true) end(() => resolve(isThere))
      } catch (error) {
        end(() => reject(error))
      }
    }

    function end(settle: () => void): void {
      stopListening()
      watch.close()
      settle()
    }
  })
}
