import { statSync } from 'node:fs'
import { join } from 'node:path'
import { SOURCES_FILE } from '@chronicle-ts/core/internal'
import { SCHEMA_FOLDER } from '@chronicle-ts/schema'
import { encodeCompanions, readCompanions } from './companions.js'

/** The kernel counts the times of files in steps of some milliseconds: a change within one step shows in no time. */
const SETTLE_MS = 1000

/** Shows when the companions of a queue are others than those that were sent last. A look costs two system calls. */
export class CompanionWatch {
  readonly #directory: string
  #sent: Buffer | undefined
  #present: Buffer | undefined
  #stamp = ''
  #stampedMs = Number.NEGATIVE_INFINITY
  #isSettled = false

  constructor(directory: string) {
    this.#directory = directory
  }

  /** The present companions as the body of a frame; `undefined` when there are none. */
  get present(): Buffer | undefined {
    const stamp = this.#stampNow()
    const nowMs = performance.now()
    if (stamp !== this.#stamp) {
      this.#stamp = stamp
      this.#stampedMs = nowMs
      this.#isSettled = false
    }
    if (!this.#isSettled) {
      this.#isSettled = nowMs - this.#stampedMs >= SETTLE_MS
      this.#present = encodeCompanions(readCompanions(this.#directory))
    }
    return this.#present
  }

  /** Returns the companions when they were not sent yet; from then on they count as sent. */
  unsent(): Buffer | undefined {
    const { present } = this
    if (present === undefined || (this.#sent !== undefined && present.equals(this.#sent))) return undefined
    this.#sent = present
    return present
  }

  /** Notes what the other end has; `undefined` when that is unknown. */
  know(present: Buffer | undefined): void {
    this.#sent = present
  }

  #stampNow(): string {
    return [SCHEMA_FOLDER, SOURCES_FILE].map((name) => stampOf(join(this.#directory, name))).join()
  }
}

function stampOf(path: string): string {
  try {
    const { ino, mtimeNs, ctimeNs, size } = statSync(path, { bigint: true })
    return `${ino}:${mtimeNs}:${ctimeNs}:${size}`
  } catch {
    return ''
  }
}
