import { mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** How a directory vanishes: as a whole, or file by file as `rm -r` would have it. */
export type Vanishing = 'moved' | 'deleted'

/**
 * Takes a directory away from under the processes that have its files mapped. Every file stays to be looked at, with what is still written to it through a mapping. A file
 * that is deleted is moved away too, which is the same for every process that opens it by its name.
 */
export function vanish(directory: string, to: string, how: Vanishing): void {
  mkdirSync(dirname(to), { recursive: true })
  if (how === 'moved') renameSync(directory, to)
  else empty(directory, to)
}

function empty(directory: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (;;) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const [source, target] = [join(directory, entry.name), join(to, entry.name)]
      if (entry.isDirectory()) empty(source, target)
      else unlessGone(() => renameSync(source, target))
    }
    try {
      rmdirSync(directory)
      return
    } catch (error) {
      // Another process made a file in it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
    }
  }
}

/** Temporary files of living writers come and go. */
function unlessGone(move: () => void): void {
  try {
    move()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
