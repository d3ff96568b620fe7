import { readdirSync } from 'node:fs'

/** Names in a folder, none when it does not exist. */
export function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}
