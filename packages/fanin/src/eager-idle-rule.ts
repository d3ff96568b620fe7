import type { FanInSource, TimedMessage } from './fan-in-source.js'
import type { IdleRule } from './idle-rule.js'
import type { SourceTable } from './source-table.js'

/** The merge does not wait for a source that shows nothing: the earliest message that is visible comes next. */
export class EagerIdleRule<M extends TimedMessage, S extends FanInSource<M>> implements IdleRule {
  constructor(readonly table: SourceTable<M, S>) {}

  look(slot: number): void {
    if (!this.table.look(slot)) this.table.rest(slot)
  }

  /** Looking leaves no source of this mode with a promise. */
  letPass(): boolean {
    return false
  }

  isTimeOver(): boolean {
    return false
  }

  moved(): void {}

  /** No source of this mode holds others back. */
  heldBackBy(): undefined {
    return undefined
  }
}
