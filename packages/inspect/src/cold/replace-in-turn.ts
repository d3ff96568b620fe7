import { closeSync, fsyncSync, ftruncateSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { isStillAt, openPath, pause, syncDirectory, writeWhole } from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'

/** A change of a small file takes milliseconds, also with its syncs. */
const LOCK_TIMEOUT_MS = 10_000

/**
 * Replaces a file as a whole by what `change` makes of it, or deletes it where that returns `undefined`. Processes that do so at once take turns: each holds a lock on the draft, which takes the name of
 * the file in the end. What `change` reads is then what the last one wrote. A draft that a crash left is not locked, and is used again.
 *
 * @throws what the system says; EBUSY when another process keeps the lock.
 */
export function replaceInTurn(path: string, change: () => string | undefined): void {
  const draft = `${path}.tmp`
  const fd = lockDraft(draft)
  let isPlaced = false
  try {
    const text = change()
    if (text === undefined) rmSync(path, { force: true })
    else {
      ftruncateSync(fd, 0)
      writeWhole(fd, Buffer.from(text), 0)
      fsyncSync(fd)
      renameSync(draft, path)
      isPlaced = true
    }
    syncDirectory(dirname(path))
  } finally {
    try {
      if (!isPlaced) rmSync(draft, { force: true })
    } finally {
      closeSync(fd)
    }
  }
}

/** The draft may have taken the name of the file, or be deleted, between its opening and its lock: then it is not the one that others lock. */
function lockDraft(draft: string): number {
  const deadline = performance.now() + LOCK_TIMEOUT_MS
  for (;;) {
    const fd = openPath(draft, 'create')
    let isOwn = false
    try {
      isOwn = binding.tryLock(fd, true) && isStillAt(draft, fd)
    } finally {
      if (!isOwn) closeSync(fd)
    }
    if (isOwn) return fd
    if (performance.now() > deadline)
      throw Object.assign(new Error(`EBUSY: another process keeps its lock, flock '${draft}'`), {
        code: 'EBUSY',
        syscall: 'flock',
        path: draft,
      })
    pause(1)
  }
}
