import type { MappedControl } from '../control/mapped-control.js'

/** Something that can be waited for: a source with a control block whose notification word its writer changes. */
export interface Parkable {
  /** Whether looking again is worth while: a message, or an error, is there. */
  readonly isReady: boolean
  /** Whether a record, good or bad, is committed at the position: one load. Only {@link isReady} says more, and looks at the next segment and the control block. */
  readonly isCommitted: boolean
  readonly control: MappedControl
}
