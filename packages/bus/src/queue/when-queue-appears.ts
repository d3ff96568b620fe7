import type { DirectoryPath } from '@chronicle-ts/core'
import { checkOptions, checkSignal, type OptionNames, onAbort, pathOf } from '@chronicle-ts/core/internal'
import { QueueWatch, type QueueWatchOptions, WATCH_NAMES } from './queue-watch.js'
import { queueIsThere } from './writer-epoch.js'

/** How {@link whenQueueAppears} waits. */
export interface AppearanceOptions extends QueueWatchOptions {
  /** Ends the waiting. @defaultValue wait without a limit */
  readonly signal?: AbortSignal
}

const NAMES: OptionNames<AppearanceOptions> = { ...WATCH_NAMES, signal: true }

/**
 * Waits until a writer has made the queue, so that it can be opened for reading. Neither the queue nor any directory above it need exist. Rejects with the signal's reason when
 * it aborts, and when the system refuses the look.
 */
export async function whenQueueAppears(queueDirectory: DirectoryPath, options: AppearanceOptions = {}): Promise<void> {
  checkOptions(options, NAMES)
  const directory = pathOf(queueDirectory)
  const { signal } = options
  checkSignal(signal)
  return new Promise((resolve, reject) => {
    const watch = new QueueWatch(directory, options, look)
    const stopListening = signal === undefined ? () => {} : onAbort(signal, look)
    watch.keepAlive(true)
    look()

    function look(): void {
      try {
        if (signal?.aborted === true) end(() => reject(signal.reason))
        else if (queueIsThere(directory)) end(resolve)
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
