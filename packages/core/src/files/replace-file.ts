import { renameSync, unlinkSync, writeFileSync } from 'node:fs'

/**
 * Replaces a small file in one step: a process that reads it gets the old text or the new one, never a part. Not synced: for what no process needs after a power cut.
 *
 * @param options `temporary`: its path until it is whole, by default with `.tmp` at its end. A crash leftover there is deleted, and so is a link, so that nothing is written
 * through it. `mode`: its permissions, less umask.
 * @throws what the system says; the file is then as it was.
 */
export function replaceFile(
  path: string,
  text: string,
  { temporary = `${path}.tmp`, mode = 0o666 }: { readonly temporary?: string; readonly mode?: number } = {},
): void {
  discard(temporary)
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode })
    renameSync(temporary, path)
  } catch (cause) {
    discard(temporary)
    throw cause
  }
}

/** What cannot be deleted makes the step that follows it fail, with a better reason. */
function discard(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Most often it is not there.
  }
}
