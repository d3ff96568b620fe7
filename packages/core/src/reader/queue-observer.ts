import type { MappedControl } from '../control/mapped-control.js'
import { openControl } from '../control/open-control.js'
import type { DirectoryPath } from '../files/absolute-path.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { MessageSource, type OpenedSource } from './message-source.js'
import { type ObserverOptions, resolveSourceOptions } from './reader-options.js'

/**
 * Opens a queue for looking: nothing is registered, written or pinned, and read permission is enough. Begins at the earliest message unless told
 * otherwise. An observer that retention overtakes gets `ERR_DATA_LOST`.
 *
 * @throws {@link NotFoundError} `ERR_NOT_FOUND`, {@link NotAQueueError} `ERR_NOT_A_QUEUE`, {@link PermissionError} `ERR_PERMISSION`,
 * {@link BadSegmentError} `ERR_BAD_SEGMENT` when there is no segment to begin in.
 */
export function openObserver(directory: DirectoryPath, options: ObserverOptions = {}): QueueObserver {
  const resolved = resolveSourceOptions(options, 'earliest')
  const held = QueueDirectory.open(directory)
  let control: MappedControl | undefined
  try {
    control = openControl(held, false)
    return new QueueObserver({ directory: held, control, options: resolved })
  } catch (error) {
    control?.close()
    held.close()
    throw error
  }
}

/** Reads without a name. See {@link openObserver}. */
export class QueueObserver extends MessageSource {
  /** Use {@link openObserver}. */
  constructor(opened: OpenedSource) {
    super('observer', opened)
    const { start } = opened.options
    this.placeAtStart(start === 'resume' ? 'earliest' : start)
  }

  protected override closing(): void {
    // Nothing was taken.
  }
}
