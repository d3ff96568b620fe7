import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchFolders } from './run-suite.js'

/** Folders below a directory that the caller removes. */
export class TemporaryFolders implements BenchFolders {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  newFolder(): string {
    return mkdtempSync(join(this.#directory, 'round-'))
  }

  removeFolder(path: string): void {
    rmSync(path, { recursive: true, force: true })
  }
}
