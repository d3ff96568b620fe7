import { type FSWatcher, watch } from 'node:fs'
import { fromSystemError } from '@chronicle-ts/core/internal'

/** What a {@link PathWatch} reports: hints to look. Looking decides. */
export interface PathWatchHandlers {
  /**
   * Something happened at the path. `entry` is the name in the watched directory that it happened to (or the path's own base name). It is `undefined` when the watch has just
   * been set up and what happened before it is unknown.
   */
  readonly onHint: (entry: string | undefined, event: string) => void
  /** The system refused the watch (`ERR_LIMIT` names the limit). The path is not watched. */
  readonly onRefused: (error: unknown) => void
}

/** The path is gone or closed to this process: the next look finds that out, and a watch would say no more. */
const IS_NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP'])

/**
 * An inotify watch on exactly one file or directory: entries of a directory are heard of and never watched themselves. It is set up when the constructor returns; handlers are called in
 * later turns of the event loop. Does not keep the process alive.
 */
export class PathWatch {
  #watcher: FSWatcher | undefined
  #isClosed = false

  constructor(
    readonly path: string,
    readonly handlers: PathWatchHandlers,
  ) {
    try {
      this.#watcher = watch(path, { persistent: false }, (event, entry) => this.#hint(entry ?? undefined, event))
      this.#watcher.on('error', (error) => this.#refuse(error))
    } catch (error) {
      if (!IS_NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '')) {
        setImmediate(() => this.#refuse(error))
        return
      }
    }
    setImmediate(() => this.#hint(undefined, 'ready'))
  }

  /** Stops hints at once. */
  close(): void {
    this.#isClosed = true
    this.#watcher?.close()
  }

  #hint(entry: string | undefined, event: string): void {
    if (!this.#isClosed) this.handlers.onHint(entry, event)
  }

  #refuse(error: unknown): void {
    if (!this.#isClosed) this.handlers.onRefused(fromSystemError(error, { path: this.path, syscall: 'inotify_add_watch' }))
  }
}
