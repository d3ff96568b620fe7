import { closeSync, fsyncSync, openSync } from 'node:fs'
import { writeWhole } from '@chronicle-ts/core/internal'

/** Writes a new file whole and syncs it. @throws what the system says; a file that exists is EEXIST. */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const fd = openSync(path, 'wx')
  try {
    writeWhole(fd, typeof content === 'string' ? Buffer.from(content) : content, 0)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
