import type { MappedControl } from '../control/mapped-control.js'
import { openControl } from '../control/open-control.js'
import type { DirectoryPath } from '../files/absolute-path.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { MessageSource } from './message-source.js'
import type { CursorQueue } from './queue-segments.js'
import { type ObserverOptions, type ResolvedSourceOptions, resolveSourceOptions } from './reader-options.js'
import { type AsyncOpenOptions, readAsyncOpen, whenQueueIsThere, whenQueueIsThereAsync } from './when-queue-is-there.js'

/**
 * Opens a queue for looking: nothing is registered, written or pinned, and read permission is enough. Begins at the earliest message unless asked
 * otherwise. An observer that retention overtakes gets `ERR_DATA_LOST`.
 *
 * @throws `NotFoundError` `ERR_NOT_FOUND`, `NotAQueueError` `ERR_NOT_A_QUEUE`, `PermissionError` `ERR_PERMISSION`,
 * `NotReadyError` `ERR_NOT_READY`,
 * `BadSegmentError` `ERR_BAD_SEGMENT` when there is no segment to begin in.
 */
export function openObserver(directory: DirectoryPath, options: ObserverOptions = {}): QueueObserver {
  const resolved = resolveSourceOptions(options)
  return whenQueueIsThere(resolved.waitForQueueMs, () => QueueObserver.open(directory, resolved))
}

/** {@link openObserver} whose wait for the queue (`waitForQueueMs`) leaves the event loop turning. Rejects with the signal's reason when aborted. */
export async function openObserverAsync(
  directory: DirectoryPath,
  options: ObserverOptions & AsyncOpenOptions = {},
): Promise<QueueObserver> {
  const { signal, others } = readAsyncOpen(options)
  const resolved = resolveSourceOptions(others)
  return whenQueueIsThereAsync({ waitMs: resolved.waitForQueueMs, signal }, () => QueueObserver.open(directory, resolved))
}

/** Reads without a name. See {@link openObserver}. */
export class QueueObserver extends MessageSource {
  /** @internal Use {@link openObserver}. */
  static open(directory: DirectoryPath, options: ResolvedSourceOptions): QueueObserver {
    const held = QueueDirectory.open(directory)
    let control: MappedControl | undefined
    try {
      control = openControl(held, false)
      return new QueueObserver({ directory: held, control, options })
    } catch (error) {
      control?.close()
      held.close()
      throw error
    }
  }

  private constructor(opened: CursorQueue) {
    super('observer', opened)
    const { start } = opened.options
    this.beginOrAbandon(() => this.placeAtStart(start === 'resume' ? 'earliest' : start))
  }

  protected override keepAlive(): void {
    // An observer leaves no sign of itself.
  }

  protected override closing(): void {
    // Nothing was taken.
  }
}
