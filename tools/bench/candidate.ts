/** One way to do what a suite measures. */
export interface Candidate {
  readonly name: string
  /** Operations that one call of {@link run} does; figures are per operation. */
  readonly operationsPerCall?: number
  /** What is measured: called millions of times in a row. */
  run(): void
  /**
   * Called after each round with how often {@link run} was called in it. Throws an error that says what was wrong: a figure of something that
   * does not work is worth nothing.
   */
  verify(calls: number): void
  /** Gives files and memory back. */
  close(): void
}

/** Candidates that do the same thing and are compared with each other. The first is what the others are measured against. */
export interface Suite {
  readonly name: string
  /** What one operation is, for the heading. */
  readonly operation: string
  /** Opened again for every round, so that no round inherits the files and caches of the one before. */
  readonly candidates: readonly CandidateFactory[]
}

/** Makes a candidate with its files below `directory`, which exists and is empty. It will be measured for about so many seconds. */
export type CandidateFactory = (directory: string, seconds: number) => Candidate
