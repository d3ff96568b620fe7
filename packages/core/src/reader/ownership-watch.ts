import type { MappedControl } from '../control/mapped-control.js'
import { OWNERSHIP_LOOK_MS } from '../defaults.js'
import { QueueReplacedError } from '../errors/index.js'
import type { OwnedFile } from '../files/owned-file.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { Ownership, type QueueLooks } from './ownership.js'
import { Pace } from './pace.js'

/** Looks now and then whether a source still stands in the queue that its path names, and keeps what the last look found. */
export class OwnershipWatch {
  readonly #directory: QueueDirectory
  readonly #control: MappedControl
  readonly #pace = new Pace(OWNERSHIP_LOOK_MS)
  #ownership: Ownership
  #replaced: string | undefined

  constructor(directory: QueueDirectory, control: MappedControl) {
    this.#directory = directory
    this.#control = control
    this.#ownership = new Ownership(directory, control, [])
  }

  /** Names further files that the source depends on. */
  own(files: readonly OwnedFile[]): void {
    this.#ownership = new Ownership(this.#directory, this.#control, files)
  }

  /** Whether the last look found that something was replaced. */
  get isReplaced(): boolean {
    return this.#replaced !== undefined
  }

  /** Whether it is time for a look, or the last one found something. Costs a decrement in most calls. */
  isDue(): boolean {
    return this.#replaced !== undefined || this.#pace.isDue()
  }

  look(looks?: QueueLooks): void {
    this.#replaced = this.#ownership.findReplaced(looks)
  }

  mayHaveChanged(looks: QueueLooks): boolean {
    return this.#ownership.mayHaveChanged(looks)
  }

  /** Returns the error of what the last look found. */
  replacedError(): QueueReplacedError {
    return this.#errorOf(this.#replaced ?? '')
  }

  /** Looks at once. @param unread counts what is lost then @throws {@link QueueReplacedError} */
  assertInPlace(unread?: () => number | undefined): void {
    this.#assertNone(this.#ownership.findReplaced(), unread)
  }

  /** Looks whether segments in the directory may be those of another queue. @param unread as of {@link assertInPlace} @throws {@link QueueReplacedError} */
  assertOwnSegments(unread: () => number | undefined): void {
    this.#assertNone(this.#ownership.findOtherControl(), unread)
  }

  /** {@link assertInPlace} for the files of {@link own} alone. */
  assertOwnFiles(): void {
    this.#assertNone(this.#ownership.findReplacedFile())
  }

  #assertNone(replaced: string | undefined, unread?: () => number | undefined): void {
    if (replaced !== undefined) throw this.#errorOf(replaced, unread?.())
  }

  #errorOf(detail: string, unread?: number): QueueReplacedError {
    return new QueueReplacedError({ directory: this.#directory.path, detail, unread })
  }
}
