import { BusyError } from '../errors/index.js'
import type { IteratedSource } from './source-iterator.js'

/** What a loop over a source is: the method that made it, and whether it commits by itself. */
export interface LoopKind {
  readonly method: string
  readonly commits: boolean
}

/**
 * The loops over one source that have had their first turn and have not ended. A loop that commits by itself saves the place of the source, so it would count what another
 * loop has in work as done. It needs the source for itself, and is refused beside another loop, as every other loop is beside it. Loops that leave commits to the caller may
 * stand side by side.
 */
export class OpenLoops {
  readonly #handle: string
  #committing: string | undefined
  #others = 0

  constructor(handle: string) {
    this.#handle = handle
  }

  /** Returns the kind. @throws {@link BusyError} `ERR_BUSY` when a loop of this kind may not begin now. */
  assertMayBegin(kind: LoopKind): LoopKind {
    const { method, commits } = kind
    const during = this.#committing ?? (commits && this.#others > 0 ? 'another loop over its messages' : undefined)
    if (during !== undefined) throw new BusyError({ handle: this.#handle, method, during })
    return kind
  }

  /** The source as a loop of this kind iterates it: open from its first turn to its end. */
  inLoop<Turn>(kind: LoopKind, source: IteratedSource<Turn>): IteratedSource<Turn> {
    let isOpen = false
    return {
      ...source,
      begun: () => {
        this.assertMayBegin(kind)
        this.#count(kind, 1)
        isOpen = true
      },
      ended: () => {
        if (!isOpen) return
        isOpen = false
        this.#count(kind, -1)
        source.ended()
      },
    }
  }

  #count({ method, commits }: LoopKind, by: 1 | -1): void {
    if (commits) this.#committing = by > 0 ? method : undefined
    else this.#others += by
  }
}
