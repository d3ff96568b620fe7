/**
 * Counts what inotify reported of READY while it was missing at each look. One that is created and removed between two looks leaves two events,
 * which may arrive together or apart; either way it is one visit.
 */
export class VisitEvidence {
  #events = 0
  /** Events of a visit that was concluded already, still to arrive. */
  #owed = 0

  /** READY was created, replaced or removed. */
  countEvent(): void {
    if (this.#owed > 0) this.#owed--
    else this.#events++
  }

  /** Whether READY came and went since the last call. `otherProof`: that it did is known anyhow, so its events say nothing new. */
  concludeVisit(otherProof: boolean): boolean {
    const events = this.#events
    this.#events = 0
    if (events === 0 && !otherProof) return false
    this.#owed = events === 0 ? 2 : events % 2
    return true
  }

  /** Forgets everything: READY is there, or another place is watched from now on. */
  reset(): void {
    this.#events = 0
    this.#owed = 0
  }
}
