import { closeSync } from 'node:fs'

/**
 * Closes a descriptor that nothing was written through since its last sync, so that an error says nothing of interest: Linux frees the descriptor, independent of what it
 * answers. For the end of a handle, which must give the rest back, too.
 */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // Free all the same.
  }
}
