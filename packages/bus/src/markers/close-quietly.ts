import { closeSync } from 'node:fs'

/** Closes a descriptor that nothing was written through: Linux frees it whatever it answers, so an error says nothing of interest. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // Free all the same.
  }
}
