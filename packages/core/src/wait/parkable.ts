import type { MappedControl } from '../control/mapped-control.js'

/** Something that can be waited for: a source with a control block whose notification word its writer changes. */
export interface Parkable {
  /** Whether looking again is worth while: a message, or an error, is there. */
  readonly isReady: boolean
  readonly control: MappedControl
}
