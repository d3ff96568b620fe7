import type { Built } from './build-programs.js'

export type ProgramRowId = 'oneway' | 'stream' | 'readers' | 'sources' | 'open'

/** A system that is measured by a program of its own: it speaks no Node.js, or costs less than a callback does. */
export interface ProgramPeer {
  /** For `--peers` and `--json`. */
  readonly id: string
  readonly title: string
  /** What is left of a message, and what an append does for that. */
  readonly keeps: string
  /** The rows that it is measured in, and why not in the others. */
  readonly rows: readonly ProgramRowId[]
  readonly notInOthers: string
  /** Whether the program starts the answering side itself. */
  readonly answersItself: boolean
  /** Builds the program where it is not there yet. */
  readonly build: () => Built
}
