import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../../error-report.js'

const MARKER = '.chron-bench'

/** A directory that this benchmark made or was given empty; nothing else is ever written to or deleted. */
export class BenchDirectory {
  private constructor(
    readonly path: string,
    private readonly isOurs: boolean,
  ) {}

  /** Takes a directory: a new one, an empty one, or one that an earlier benchmark left. */
  static claim(path: string | undefined): BenchDirectory {
    const isOurs = path === undefined || !existsSync(path)
    const directory = path ?? mkdtempSync(join(tmpdir(), 'chron-bench-'))
    mkdirSync(directory, { recursive: true })
    const names = readdirSync(directory)
    if (names.length > 0 && !names.includes(MARKER))
      throw new UsageError(`${directory} is not empty and was not made by chron-cli bench`)
    writeFileSync(join(directory, MARKER), 'Made by chron-cli bench; it may be deleted.\n')
    return new BenchDirectory(directory, isOurs)
  }

  /** A fresh place for one run's queue. */
  queue(name: string): string {
    const path = join(this.path, name)
    rmSync(path, { recursive: true, force: true })
    return path
  }

  /** Deletes what was made here. */
  remove(): void {
    for (const name of ['throughput', 'latency', MARKER]) rmSync(join(this.path, name), { recursive: true, force: true })
    if (this.isOurs) rmSync(this.path, { recursive: true, force: true })
  }
}
