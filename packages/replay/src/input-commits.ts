import { type CommittedMessage, type MessageSource, QueueReader, type QueueWriter } from '@chronicle-ts/core'

/** How often inputs are committed. What is not committed is held back from deletion, and is looked at again after a restart. */
const COMMIT_INTERVAL_MS = 1000

/** A message that was processed: a message moves on, its place does not. */
type Place = CommittedMessage

/**
 * Commits the readers among the inputs: only as far as the outputs are durable. A position that survives a power cut, when the outputs of the messages before it do not, would lose
 * these outputs.
 */
export class InputCommits {
  readonly #output: QueueWriter
  /** The last message of each reader that was processed. */
  readonly #processed = new Map<QueueReader, Place>()
  #dueMs = 0
  #flushing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(output: QueueWriter) {
    this.#output = output
  }

  /** Notes that all messages of the source up to this one are processed, and their outputs appended. */
  processed(source: MessageSource | undefined, place: Place): void {
    if (source instanceof QueueReader) this.#processed.set(source, place)
  }

  /** Starts a commit when it is time. @throws what kept the one before from saving a position. */
  commitIfDue(nowMs: number): void {
    if (this.#failure !== undefined) throw this.#failure.error
    if (nowMs < this.#dueMs || this.#flushing !== undefined || this.#processed.size === 0) return
    this.#dueMs = nowMs + COMMIT_INTERVAL_MS
    const places = [...this.#processed]
    this.#processed.clear()
    // A flush that fails is one of the writer's, whose next one tries again: these messages are committed later.
    this.#flushing = this.#output
      .flush()
      .then(
        () => commitThrough(places),
        () => this.#putBack(places),
      )
      .catch((error: unknown) => {
        this.#failure = { error }
      })
      .finally(() => {
        this.#flushing = undefined
      })
  }

  /** Commits all that is processed. @throws what the flush throws, and what kept the commit before from saving a position. */
  commitNow(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#processed.size === 0) return
    this.#output.flushSync()
    commitThrough([...this.#processed])
    this.#processed.clear()
  }

  #putBack(places: readonly (readonly [QueueReader, Place])[]): void {
    for (const [reader, place] of places) if (!this.#processed.has(reader)) this.#processed.set(reader, place)
  }
}

function commitThrough(places: readonly (readonly [QueueReader, Place])[]): void {
  for (const [reader, place] of places) if (!reader.closed) reader.commitThrough(place)
}
