import type { HeldBackBy } from './merge-metrics.js'

/** What a merge makes of sources that show no message: the whole difference between its modes. */
export interface IdleRule {
  /** Looks at a source again and gives it the state that follows. @throws what the source throws. */
  look(slot: number): void
  /**
   * A source that promised nothing high enough holds back messages that others show. @returns true when it does so no longer, whichever source comes first now.
   * @throws what the source throws.
   */
  letPass(slot: number): boolean
  /** Whether a source that holds messages back has done so for as long as it may. Asks no source and no writer. */
  isTimeOver(slot: number): boolean
  /** A message was delivered, or there is none to deliver: no source is held back. */
  moved(): void
  /** What metrics say of this source, which comes first and shows nothing; `undefined` while the merge does not wait for it. */
  heldBackBy(slot: number): HeldBackBy | undefined
}
