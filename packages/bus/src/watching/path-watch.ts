import { fromSystemError } from '@chronicle-ts/core/internal'
import { type FSWatcher, watch } from 'chokidar'

/** What a {@link PathWatch} tells. Everything it says is a hint to look: looking decides. */
export interface PathWatchHandlers {
  /**
   * Something happened at the path. `entry` is the name in the watched directory that it happened to (or the path's own base name); `undefined` when the
   * watch has just been set up and whatever happened before it is unknown.
   */
  readonly onHint: (entry: string | undefined, event: string) => void
  /** The system refused the watch (`ERR_LIMIT` names the limit). The path is not watched. */
  readonly onRefused: (error: unknown) => void
}

/**
 * An inotify watch, through chokidar, on exactly one file or directory: entries of a directory are heard of and never watched themselves. Does not keep
 * the process alive.
 */
export class PathWatch {
  readonly #watcher: FSWatcher

  constructor(
    readonly path: string,
    handlers: PathWatchHandlers,
  ) {
    this.#watcher = watch(path, {
      depth: 0,
      ignored: (candidate) => candidate !== path,
      ignoreInitial: true,
      ignorePermissionErrors: true,
      atomic: false,
      persistent: false,
    })
    this.#watcher.on('raw', (event, entry) => handlers.onHint(typeof entry === 'string' ? entry : undefined, event))
    this.#watcher.on('ready', () => handlers.onHint(undefined, 'ready'))
    this.#watcher.on('error', (error) => handlers.onRefused(fromSystemError(error, { path, syscall: 'inotify_add_watch' })))
  }

  /** Stops hints at once; the descriptor is closed when the promise is fulfilled. */
  close(): Promise<void> {
    const closed = this.#watcher.close()
    // It has no listeners any more, and an error without a listener would end the process: a look that is still under way may fail.
    this.#watcher.on('error', () => {})
    return closed
  }
}
