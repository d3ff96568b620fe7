import { binding } from '@chronicle-ts/native'
import { DELETIONS_UNDER_WAY_MAX } from '../defaults.js'
import { JOB_DONE, JOB_UNDER_WAY } from '../files/job-state.js'
import { READERS_DIRECTORY, readerFileName, segmentFileName } from '../format/index.js'
import { sparseIndexName } from '../segment/sparse-index.js'

/** Segments that one look at the readers let go. */
interface Pass {
  /** Readers whose positions let them go. */
  readonly readers: readonly string[]
  /** Whether those positions are known to be on the disk. */
  isSynced: boolean
}

interface Due {
  readonly segmentId: number
  readonly pass: Pass
}

/** The lowest segment, which the system does not let go, and its reason. */
export interface Refusal {
  readonly segmentId: number
  readonly errno: number
}

interface Deletion extends Due {
  readonly job: number
  /** Deletes the segment's index, and ends after {@link job}. */
  readonly lastJob: number
}

/**
 * Unlinks segments that were let go, lowest first, on the background thread. When one cannot be unlinked, those above it stay, too, so that the queue gets no gap. A bounded number is handed over at a time, because that thread syncs, too: a flush must not wait
 * for thousands of files. Needs no turn of the event loop: asking for its counts hands over what is next.
 */
export class Deletions {
  /** Carried by each deletion until it has ended. Names are relative to its directory. */
  readonly #hold: number
  readonly #due: Due[] = []
  readonly #underWay: Deletion[] = []
  #doneCount = 0
  /** The lowest one could not be unlinked: nothing is handed over before the next {@link retry}. */
  #isRefused = false
  #refusal: Refusal | undefined

  constructor(
    hold: number,
    private readonly onDeleted?: () => void,
  ) {
    this.#hold = hold
  }

  /** Takes segments, the lowest first. A power cut must not take back the positions that let them go, so those of `readers` are synced first. */
  add(segmentIds: readonly number[], readers: readonly string[]): void {
    const pass: Pass = { readers, isSynced: readers.length === 0 }
    for (const segmentId of segmentIds) this.#due.push({ segmentId, pass })
    this.retry()
  }

  /** Why the last try deleted no more; `undefined` when nothing was refused. */
  get refusal(): Refusal | undefined {
    this.#reap()
    return this.#refusal
  }

  /** {@link advance} that tries again what was refused. */
  retry(): void {
    this.#isRefused = false
    this.#refusal = undefined
    this.advance()
  }

  get doneCount(): number {
    this.#reap()
    return this.#doneCount
  }

  /** Whether there is something to wait for. */
  get isUnderWay(): boolean {
    this.advance()
    return this.#underWay.length > 0
  }

  /** Deletions that are not done. */
  get leftCount(): number {
    this.advance()
    return this.#due.length + this.#underWay.length
  }

  /** Blocks until at most so many are left, or the time is over. Returns whether it waited. */
  await(leftMax: number, timeoutMs: number): boolean {
    const waits = this.leftCount > leftMax
    const deadline = performance.now() + timeoutMs
    while (this.leftCount > leftMax && performance.now() < deadline) {
      const next = this.#nextToEnd()
      // Handing over failed, or the system refuses: there is nothing to wait for.
      if (next === undefined) break
      binding.jobWait(next.lastJob, deadline - performance.now())
    }
    return waits
  }

  /** Resolves when the oldest one that is under way is done; at once when there is none. */
  async awaitNext(): Promise<void> {
    this.advance()
    const next = this.#nextToEnd()
    if (next === undefined) return
    await new Promise<void>((resolve) => binding.jobNotify(next.lastJob, () => resolve()))
    this.advance()
  }

  /** Waits for what is left. @returns the lowest segment that is still there, `undefined` when all are gone. */
  close(timeoutMs: number): number | undefined {
    this.retry()
    this.await(0, timeoutMs)
    for (const deletion of this.#underWay.splice(0)) release(deletion)
    return this.#due[0]?.segmentId
  }

  /** Takes note of what is done and hands over what is next. The first deletion of a pass syncs the positions for all of it, and the others come after it has done so. */
  advance(): void {
    this.#reap()
    if (this.#isRefused) return
    for (let next = this.#due[0]; next !== undefined; next = this.#due[0]) {
      const { pass } = next
      if (this.#underWay.length >= DELETIONS_UNDER_WAY_MAX) return
      if (!pass.isSynced && this.#underWay.at(-1)?.pass === pass) return
      if (!this.#handOver(next)) return
      this.#due.shift()
    }
  }

  #handOver({ segmentId, pass }: Due): boolean {
    const syncs = pass.isSynced ? [] : pass.readers
    const names = syncs.map((name) => `${READERS_DIRECTORY}/${readerFileName(name)}`)
    const index = sparseIndexName(segmentId)
    try {
      binding.jobRelease(binding.backgroundUnlink(index, [], this.#hold))
      const job = binding.backgroundUnlink(segmentFileName(segmentId), names, this.#hold, this.#underWay.at(-1)?.job)
      // A reader may have made it between the two: from here on it sees that the segment is gone.
      this.#underWay.push({ job, lastJob: binding.backgroundUnlink(index, [], this.#hold), segmentId, pass })
    } catch {
      // No thread is to be had: tried again with the next event.
      return false
    }
    return true
  }

  #reap(): void {
    for (let first = this.#underWay[0]; first !== undefined; first = this.#underWay[0]) {
      if (isJobUnderWay(first.job) || isJobUnderWay(first.lastJob)) return
      const state = binding.jobState(first.job)
      if (state !== JOB_DONE) {
        this.#refusal = { segmentId: first.segmentId, errno: -state }
        this.#takeBack()
        return
      }
      first.pass.isSynced = true
      this.#doneCount++
      this.#underWay.shift()
      release(first)
      this.onDeleted?.()
    }
  }

  /** The lowest one failed, so those that follow it do nothing. All of them are due again when the last one has ended. */
  #takeBack(): void {
    if (this.#underWay.some(({ lastJob }) => isJobUnderWay(lastJob))) return
    const refused = this.#underWay.splice(0)
    for (const deletion of refused) release(deletion)
    this.#due.unshift(...refused.map(({ segmentId, pass }) => ({ segmentId, pass })))
    this.#isRefused = true
  }

  #nextToEnd(): Deletion | undefined {
    return this.#underWay.find(({ lastJob }) => isJobUnderWay(lastJob)) ?? this.#underWay[0]
  }
}

function isJobUnderWay(job: number): boolean {
  return binding.jobState(job) === JOB_UNDER_WAY
}

function release({ job, lastJob }: Deletion): void {
  binding.jobRelease(job)
  binding.jobRelease(lastJob)
}
