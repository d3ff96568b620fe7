import type { MappedControl } from '../control/mapped-control.js'
import { openControl } from '../control/open-control.js'
import { absolutePath } from '../files/absolute-path.js'
import { MessageSource } from './message-source.js'
import { type ObserverOptions, type ResolvedSourceOptions, resolveSourceOptions } from './reader-options.js'

/**
 * Opens a queue for looking: nothing is registered, written or pinned, and read permission is enough. Begins at the earliest message unless told
 * otherwise. An observer that retention overtakes gets `ERR_DATA_LOST`.
 *
 * @throws {@link NotFoundError} `ERR_NOT_FOUND`, {@link NotAQueueError} `ERR_NOT_A_QUEUE`, {@link PermissionError} `ERR_PERMISSION`,
 * {@link BadSegmentError} `ERR_BAD_SEGMENT` when there is no segment to begin in.
 */
export function openObserver(directory: string, options: ObserverOptions = {}): QueueObserver {
  const resolved = resolveSourceOptions(options, 'earliest')
  const path = absolutePath(directory)
  const control = openControl(path, false)
  try {
    return new QueueObserver(path, { control, options: resolved })
  } catch (error) {
    control.close()
    throw error
  }
}

/** Reads without a name. See {@link openObserver}. */
export class QueueObserver extends MessageSource {
  /** Use {@link openObserver}. */
  constructor(directory: string, opened: { control: MappedControl; options: ResolvedSourceOptions }) {
    super('observer', directory, opened)
    const { start } = opened.options
    this.placeAtStart(start === 'resume' ? 'earliest' : start)
  }

  protected override closing(): void {
    // Nothing was taken.
  }
}
