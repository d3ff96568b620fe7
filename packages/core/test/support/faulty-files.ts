import { chmodSync, chownSync, rmSync, symlinkSync } from 'node:fs'
import { onTestFinished } from 'vitest'

const NOBODY = 65_534

/** Puts something in the place of a file that cannot be opened, not even by root: a symbolic link to itself. Opening it is ELOOP. */
export function makeUnopenable(path: string): void {
  rmSync(path, { recursive: true, force: true })
  symlinkSync(path, path)
}

/** Puts something in the place of a file that opens and cannot be read, as on a disk with a bad block. Reading it is EIO. */
export function makeUnreadable(path: string): void {
  rmSync(path, { recursive: true, force: true })
  // The memory of this process: a regular file, and nothing is mapped at its beginning.
  symlinkSync('/proc/self/mem', path)
}

/** Takes all rights to a directory away until the test is over, from root too: root goes on as the user 65534, to whom the directories in `owned` are given. */
export function withoutRightsTo(path: string, owned: readonly string[] = []): void {
  chmodSync(path, 0)
  onTestFinished(() => {
    process.seteuid?.(process.getuid?.() ?? 0)
    chmodSync(path, 0o755)
  })
  if (process.getuid?.() !== 0) return
  for (const directory of owned) chownSync(directory, NOBODY, NOBODY)
  process.seteuid?.(NOBODY)
}
