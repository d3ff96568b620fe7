import type { ProblemSeverity } from '@chronicle-ts/inspect'

/** Something that the doctor found: what, how bad, what it means, and what repairs it. */
export interface Finding {
  /** Stable; scripts match on it. */
  readonly code: string
  readonly severity: ProblemSeverity
  /** An operator knows of it: shown dimmed, counted, without influence on the exit code. */
  readonly acknowledged?: boolean
  /** What was found, with the facts in it. */
  readonly message: string
  /** What it means for the operators of the queue, where the message does not say it already. */
  readonly explanation?: string
  /** The exact command that repairs it; absent when nothing has to, or can, be done from here. */
  readonly command?: string
}

/** All findings about one queue. */
export interface QueueDiagnosis {
  readonly queue: string
  readonly findings: readonly Finding[]
  /** Whether every record was read. */
  readonly complete: boolean
}
