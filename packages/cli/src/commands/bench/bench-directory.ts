import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeDirectory, processStartTime } from '@chronicle-ts/core/internal'
import { UsageError } from '../../command-error.js'
import { requireParent } from '../../queues/require-parent.js'
import type { BenchFolders } from './run-suite.js'

/** Stands in every directory of the benchmark's own. */
const MARKER_FILE = '.chron-cli-bench'
const QUEUE_NAME = /^bench-queue-\d+$/

/**
 * The directory that the benchmark fills and empties. It is made, or was empty, or has the marker of an earlier run that could not clean up; any other is not touched.
 * Disposing of it removes what the benchmark made, and the directory when the benchmark made that.
 */
export class BenchDirectory implements BenchFolders, Disposable {
  readonly path: string
  readonly #madeIt: boolean
  #queues = 0
  #disposed = false

  /** @throws UsageError when the directory is of another program, or another run is using it. */
  constructor(path: string) {
    this.path = resolve(path)
    requireParent(this.path)
    this.#madeIt = makeDirectory(this.path) !== undefined || this.#hasMarker()
    this.#takeOver()
    writeFileSync(join(this.path, MARKER_FILE), `${process.pid} ${processStartTime(process.pid) ?? 0}\n`, { flag: 'wx' })
  }

  /** Makes a directory for one queue. */
  newFolder(): string {
    this.#queues += 1
    const path = join(this.path, `bench-queue-${this.#queues}`)
    mkdirSync(path)
    return path
  }

  removeFolder(path: string): void {
    rmSync(path, { recursive: true, force: true })
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#removeOurs()
    if (this.#madeIt && readdirSync(this.path).length === 0) rmdirSync(this.path)
  }

  #hasMarker(): boolean {
    return readdirSync(this.path).includes(MARKER_FILE)
  }

  #takeOver(): void {
    const names = readdirSync(this.path)
    if (names.length === 0) return
    const foreign = names.find((name) => name !== MARKER_FILE && !QUEUE_NAME.test(name))
    if (!names.includes(MARKER_FILE) || foreign !== undefined) {
      throw new UsageError(
        `${this.path} is not the benchmark's own (it holds ${foreign ?? names[0]}): name an empty directory, or one that does not exist`,
      )
    }
    const [pid = 0, startTime = 0] = readFileSync(join(this.path, MARKER_FILE), 'utf8').trim().split(' ').map(Number)
    if (pid > 0 && processStartTime(pid) === startTime)
      throw new UsageError(`${this.path} is in use by a benchmark that runs: pid=${pid}`)
    this.#removeOurs()
  }

  /** The marker goes last: what is left by an interrupted removal is still known as ours. */
  #removeOurs(): void {
    for (const name of readdirSync(this.path)) {
      if (QUEUE_NAME.test(name)) rmSync(join(this.path, name), { recursive: true, force: true })
    }
    rmSync(join(this.path, MARKER_FILE), { force: true })
  }
}
