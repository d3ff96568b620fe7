import type { FanInSource, TimedMessage } from './fan-in-source.js'
import { isPassingError } from './passing-error.js'
import { RetryBackoff } from './retry-backoff.js'
import { NEVER } from './source-entry.js'
import type { SourceFailure, SourceOperation } from './source-failure.js'
import { FAILED, type SourceTable } from './source-table.js'

export interface SourceFailuresOptions {
  readonly monotonicMs: () => number
  readonly onSourceError: ((failure: SourceFailure) => void) | undefined
  /** Whether sources whose reason may pass are tried again by themselves. */
  readonly retries: boolean
}

/** What failed: keeps failures until they can be reported, sets sources aside, and puts those back whose reason may have passed. */
export class SourceFailures<M extends TimedMessage, S extends FanInSource<M>> {
  readonly #table: SourceTable<M, S>
  readonly #options: SourceFailuresOptions
  readonly #untold: SourceFailure[] = []
  /** How often a source was set aside, reported or not. */
  setAsideCount = 0
  /** When the next source is to be put back; `Infinity` when none is. */
  #nextDueMs = Number.POSITIVE_INFINITY

  constructor(table: SourceTable<M, S>, options: SourceFailuresOptions) {
    this.#table = table
    this.#options = options
  }

  get hasUntold(): boolean {
    return this.#untold.length > 0
  }

  /** Milliseconds until the next source is put back; 0 when one is due. */
  get msUntilRetry(): number {
    return this.#nextDueMs === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : Math.max(0, this.#nextDueMs - this.#options.monotonicMs())
  }

  /** Counts an error without setting the source aside. */
  note(slot: number, operation: SourceOperation, error: unknown): SourceFailure {
    const failure = this.#count(slot, operation, error)
    this.#untold.push(failure)
    return failure
  }

  /** Sets a source aside that could not be read. The same error as before the last retry is not reported again. */
  setAside(slot: number, error: unknown): void {
    const entry = this.#table.entry(slot)
    const kind = kindOf(error)
    const failure = this.#count(slot, 'read', error)
    if (entry.toldError !== kind) this.#untold.push(failure)
    entry.toldError = kind
    entry.failure = failure
    this.setAsideCount++
    this.#table.fail(slot)
    if (!this.#options.retries || !isPassingError(error)) {
      entry.backoff = undefined
      return
    }
    entry.backoff ??= new RetryBackoff()
    entry.backoff.fail(this.#options.monotonicMs())
    this.#nextDueMs = Math.min(this.#nextDueMs, entry.backoff.dueMs)
  }

  /** The user asks for one more try: its outcome is reported again. @returns false when the source is not set aside. */
  retry(slot: number): boolean {
    if (this.#table.state(slot) !== FAILED) return false
    this.#forgive(slot)
    this.#putBack(slot)
    return true
  }

  /** Puts back the sources whose time has come. Costs a comparison while there is none. */
  retryDue(): void {
    if (this.#nextDueMs === Number.POSITIVE_INFINITY) return
    const nowMs = this.#options.monotonicMs()
    if (nowMs < this.#nextDueMs) return
    this.#nextDueMs = Number.POSITIVE_INFINITY
    for (let slot = 0; slot < this.#table.slotLimit; slot++) {
      if (this.#table.state(slot) !== FAILED) continue
      const dueMs = this.#table.entry(slot).backoff?.dueMs ?? Number.POSITIVE_INFINITY
      if (dueMs <= nowMs) this.#putBack(slot)
      else this.#nextDueMs = Math.min(this.#nextDueMs, dueMs)
    }
  }

  /** A source delivered: its next error is another one. */
  recovered(slot: number): void {
    if (this.#table.entry(slot).toldError !== undefined) this.#forgive(slot)
  }

  /** Reports what was not reported yet. The callback may call any method of the fan-in. */
  report(): void {
    if (!this.hasUntold) return
    const tell = this.#options.onSourceError
    for (let failure = this.#untold.shift(); failure !== undefined; failure = this.#untold.shift()) tell?.(failure)
  }

  #count(slot: number, operation: SourceOperation, error: unknown): SourceFailure {
    const entry = this.#table.entry(slot)
    entry.errors++
    return { key: entry.key, operation, error }
  }

  #forgive(slot: number): void {
    const entry = this.#table.entry(slot)
    entry.toldError = undefined
    entry.backoff = undefined
  }

  /** Puts it back like a source that was just added: the time in which it was set aside says nothing of it. */
  #putBack(slot: number): void {
    const entry = this.#table.entry(slot)
    entry.failure = undefined
    entry.signMs = NEVER
    this.#table.promise(slot, this.#table.floorHigh(slot), this.#table.floorLow(slot))
  }
}

/** What makes two errors of one source the same lasting problem. Messages hold times and counts that differ. */
function kindOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  return `${name} ${code}`
}
