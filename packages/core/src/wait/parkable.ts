import type { MappedControl } from '../control/mapped-control.js'

/** Something that can be waited for: a source with a control block whose notification word its writer changes. */
export interface Parkable {
  /** Whether looking again is worth while: a message, or an error, is there. */
  readonly isReady: boolean
  /** Whether a record is committed at the position: one load. `false` says nothing, only {@link isReady} looks into the next segment and at the control block. */
  readonly isCommitted: boolean
  readonly control: MappedControl
}
