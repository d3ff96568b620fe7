import { InvalidArgumentError } from '../errors/index.js'
import type { Message } from './message.js'
import type { IteratedSource } from './source-iterator.js'

/** A reader as its iterators commit it. */
export interface CommittedReader {
  readonly closed: boolean
  /** Saves the reader's place. */
  commit(): void
  /** Saves the place where a message begins, if it lies after the one that was saved last. */
  commitBefore(message: Message): void
}

/** What an iterator reports while it is used. */
export interface IterationTurns {
  /** The consumer asks for the next message: it is done with all that it has. */
  asked(): void
  /** A message was given. */
  given(): void
  /** The source has nothing more at the moment. */
  caughtUp(): void
  /** The iterator has ended: in front of a request, or in the middle of the consumer's work on this message. */
  ended(message: Message): void
}

/** @throws {@link InvalidArgumentError} for a number that is not an integer from 1 on, or `Infinity`. */
export function checkCommitEvery(commitEvery: number): void {
  if (commitEvery === Number.POSITIVE_INFINITY || (Number.isSafeInteger(commitEvery) && commitEvery >= 1)) return
  throw new InvalidArgumentError({ argument: 'commitEvery', value: commitEvery, expected: 'an integer from 1 on, or Infinity' })
}

/**
 * Commits for an iterator: once per so many messages, whenever the source has caught up, and at the end. A message counts as done when the consumer asks for the next one, so
 * that what is saved is exactly what was worked on. After a `break` or an error, the message in work is not among it.
 */
export class CommitEvery implements IterationTurns {
  readonly #reader: CommittedReader
  readonly #every: number
  #doneCount = 0
  #isInWork = false

  constructor(reader: CommittedReader, every: number) {
    checkCommitEvery(every)
    this.#reader = reader
    this.#every = every
  }

  asked(): void {
    if (!this.#isInWork) return
    this.#isInWork = false
    if (++this.#doneCount >= this.#every) this.#commit()
  }

  given(): void {
    this.#isInWork = true
  }

  caughtUp(): void {
    if (this.#doneCount > 0) this.#commit()
  }

  ended(message: Message): void {
    if (this.#doneCount === 0) return
    if (!this.#isInWork) this.#commit()
    else if (!this.#reader.closed) this.#reader.commitBefore(message)
    this.#doneCount = 0
  }

  #commit(): void {
    this.#doneCount = 0
    if (!this.#reader.closed) this.#reader.commit()
  }
}

/** An iterated source that reports its turns. */
export function withTurns(source: IteratedSource<Message>, message: Message, turns: IterationTurns): IteratedSource<Message> {
  return {
    ...source,
    asked: () => turns.asked(),
    take: () => {
      const taken = source.take()
      if (taken === undefined) turns.caughtUp()
      else turns.given()
      return taken
    },
    ended: () => {
      try {
        turns.ended(message)
      } finally {
        source.ended()
      }
    },
  }
}
