import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const GOLDEN = fileURLToPath(new URL('../../../core/test/golden/rust-v3/', import.meta.url))

/** A folder of its own for one test; copies of golden queues go into it. */
export class QueueFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'chronicle-cli-'))

  readonly #protected: string[] = []

  /** Copies a golden queue directory and returns where it is. */
  copyGolden(name: string): string {
    const to = join(this.path, name)
    cpSync(join(GOLDEN, name), to, { recursive: true, preserveTimestamps: true })
    return to
  }

  /** Takes the permission to write from a queue directory and everything in it. */
  protect(queue: string): void {
    const names = readdirSync(queue, { recursive: true, encoding: 'utf8' })
    for (const path of [...names.map((name) => join(queue, name)), queue])
      chmodSync(path, lstatSync(path).isFile() ? 0o444 : 0o555)
    this.#protected.push(queue)
  }

  join(...names: string[]): string {
    return join(this.path, ...names)
  }

  /** Text with this folder's path, and what differs from run to run, replaced by placeholders. */
  normalise(text: string): string {
    return (
      text
        .replaceAll(this.path, '<root>')
        // Commands quote paths that have blanks, and the temporary folder may have some.
        .replaceAll(/'(<root>[^']*)'/g, '$1')
        .replaceAll(/\d+(\.\d+)? ?[a-z]{1,2}( \d+[a-z])? ago/g, '<ago>')
        .replaceAll(/"allocatedBytes": ?\d+/g, '"allocatedBytes": "<blocks>"')
        .replaceAll(/(in all, )\d[\d.]* \w+( on disk)/g, '$1<blocks>$2')
        .replaceAll(/"inspectedNs": ?"\d+"/g, '"inspectedNs": "<now>"')
        .replaceAll(/"(arrivalNs|freeBytes|totalBytes)": ?"?[1-9]\d*"?/g, '"$1": "<value>"')
        .replaceAll(/^(chronicle_(disk_\w+_bytes|reader_lag_arrival_seconds)\{.*\}) [1-9].*$/gm, '$1 <value>')
        .replaceAll(/\b\d+[dh] \d+[hm]\b/g, '<age>')
        .replaceAll(/"time":"[^"]+"/g, '"time":"<now>"')
    )
  }

  /** The same for tables: columns are two blanks apart, however wide the cells were. */
  normaliseTable(text: string): string {
    return this.normalise(text).replaceAll(/(?<=\S) {2,}/g, '  ')
  }

  remove(): void {
    for (const queue of this.#protected) execFileSync('chmod', ['-R', 'u+rwX', queue])
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Content, size, mode and modification time of everything below a directory: equal before and after means that nothing was touched. */
export function fingerprint(directory: string): Record<string, string> {
  const prints: Record<string, string> = {}
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(directory, name)
    const stat = lstatSync(path, { bigint: true })
    const content = stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'directory'
    prints[name] = `${stat.mode} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${content}`
  }
  return prints
}
