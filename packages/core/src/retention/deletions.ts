import { binding } from '@chronicle-ts/native'
import { DELETIONS_UNDER_WAY_MAX } from '../defaults.js'
import { JOB_DONE, JOB_UNDER_WAY } from '../files/job-state.js'
import type { WriterLock } from '../files/writer-lock.js'
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

interface Deletion extends Due {
  readonly job: number
  /** Deletes the segment's index, and ends after {@link job}. */
  readonly lastJob: number
}

/**
 * Unlinks segments that were let go, lowest first, on the background thread. A bounded number is handed over at a time, because that thread syncs, too: a flush must not wait
 * for thousands of files. Needs no turn of the event loop: asking for its counts hands over what is next.
 */
export class Deletions {
  readonly #lock: WriterLock
  readonly #due: Due[] = []
  readonly #underWay: Deletion[] = []
  #doneCount = 0

  /** Each deletion holds the lock until it has ended, and names files relative to the directory that was locked. */
  constructor(lock: WriterLock) {
    this.#lock = lock
  }

  /** Takes the segments from `from` to `to - 1`. A power cut must not take back the positions that let them go, so those of `readers` are synced first. */
  add(segments: { readonly from: number; readonly to: number }, readers: readonly string[]): void {
    const pass: Pass = { readers, isSynced: readers.length === 0 }
    for (let segmentId = segments.from; segmentId < segments.to; segmentId++) this.#due.push({ segmentId, pass })
    this.advance()
  }

  get doneCount(): number {
    this.#reap()
    return this.#doneCount
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
      const first = this.#underWay[0]
      // Handing over failed: there is nothing to wait for.
      if (first === undefined) break
      binding.jobWait(first.lastJob, deadline - performance.now())
    }
    return waits
  }

  /** Resolves when the oldest one that is under way is done; at once when there is none. */
  async awaitNext(): Promise<void> {
    this.advance()
    const first = this.#underWay[0]
    if (first === undefined) return
    await new Promise<void>((resolve) => binding.jobNotify(first.lastJob, () => resolve()))
    this.advance()
  }

  /** Waits for what is left. @returns the lowest segment that is still there, `undefined` when all are gone. */
  close(timeoutMs: number): number | undefined {
    this.await(0, timeoutMs)
    for (const { job, lastJob } of this.#underWay.splice(0)) {
      binding.jobRelease(job)
      binding.jobRelease(lastJob)
    }
    return this.#due[0]?.segmentId
  }

  /** Takes note of what is done and hands over what is next. The first deletion of a pass syncs the positions for all of it, and the others come after it has done so. */
  advance(): void {
    this.#reap()
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
    const paths = syncs.map((name) => `${READERS_DIRECTORY}/${readerFileName(name)}`)
    const index = sparseIndexName(segmentId)
    const { hold } = this.#lock
    try {
      binding.jobRelease(binding.backgroundUnlink(index, [], hold))
      const job = binding.backgroundUnlink(segmentFileName(segmentId), paths, hold)
      // A reader may have made it between the two: from here on it sees that the segment is gone.
      this.#underWay.push({ job, lastJob: binding.backgroundUnlink(index, [], hold), segmentId, pass })
    } catch {
      // No thread is to be had: tried again with the next event.
      return false
    }
    return true
  }

  /** A file that the system refuses to delete is left to the next writer. When it was the sync that failed, the next deletion of the pass tries it again. */
  #reap(): void {
    for (let first = this.#underWay[0]; first !== undefined; first = this.#underWay[0]) {
      const state = binding.jobState(first.job)
      if (state === JOB_UNDER_WAY || binding.jobState(first.lastJob) === JOB_UNDER_WAY) return
      if (state === JOB_DONE) {
        first.pass.isSynced = true
        this.#doneCount++
      }
      binding.jobRelease(first.job)
      binding.jobRelease(first.lastJob)
      this.#underWay.shift()
    }
  }
}
