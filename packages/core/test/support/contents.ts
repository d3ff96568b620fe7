import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Files that come and go without meaning: the lock is taken by an open that fails, too. */
const PASSING = new Set(['writer.lock'])

/** Every file below a directory with a digest of its content, to see whether anything changed. */
export function contentsOf(directory: string): Record<string, string> {
  const contents: Record<string, string> = {}
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(directory, name)
    if (PASSING.has(name) || !statSync(path).isFile()) continue
    const bytes = readFileSync(path)
    contents[name] = `${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`
  }
  return contents
}
