/** Does something that only adds; returns what takes it back. */
export type Addition = () => () => void

/**
 * What recovery has decided to change in the directory and has not changed yet. An open that fails takes back its additions and has replaced nothing, so that the
 * directory is as it was found.
 */
export class PendingChanges {
  readonly #additions: Addition[] = []
  readonly #replacements: (() => void)[] = []
  readonly #undos: (() => void)[] = []

  /** Plans something that only adds: a copy in the quarantine, a new file under a temporary name. All additions come before all replacements. */
  add(addition: Addition): void {
    this.#additions.push(addition)
  }

  /** Plans something that replaces or removes what is there. */
  replace(replacement: () => void): void {
    this.#replacements.push(replacement)
  }

  /** Remembers how to take back something that is done already. */
  undoWith(undo: () => void): void {
    this.#undos.push(undo)
  }

  /** Carries out everything. When an addition fails, nothing was replaced, and {@link discard} takes back the rest. */
  apply(): void {
    for (const addition of this.#additions.splice(0)) this.#undos.push(addition())
    this.#undos.length = 0
    for (const replacement of this.#replacements.splice(0)) replacement()
  }

  /** Takes back what was added, the last first. Never throws: the error that made it necessary is the one to report. */
  discard(): void {
    this.#additions.length = 0
    this.#replacements.length = 0
    for (const undo of this.#undos.splice(0).reverse()) {
      try {
        undo()
      } catch {
        // What cannot be taken back is a copy or an empty file, which costs space only.
      }
    }
  }
}
