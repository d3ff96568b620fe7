import { binding } from '@chronicle-ts/native'
import { LOCK_PATIENCE_MS, RETRY_PAUSE_MS } from '../defaults.js'
import { pause } from './pause.js'

/**
 * Takes the exclusive `flock` that a writer or a reader holds for its life. Probes of liveness, and a recovery that corrects a position, hold it shared. They end in a
 * moment, so this waits longer for them than for a holder that may live.
 *
 * @param patienceMs asked while the lock is held exclusively: milliseconds since `begun` after which to give up.
 * @returns whether the lock was taken.
 */
export function takeLock(fd: number, patienceMs: () => number, begun = performance.now()): boolean {
  while (!binding.tryLock(fd, true)) {
    if (performance.now() - begun >= (isShared(fd) ? LOCK_PATIENCE_MS : patienceMs())) return false
    pause(RETRY_PAUSE_MS)
  }
  return true
}

/** A shared try distinguishes a probe from a holder that lives, independent of the content of the file. */
function isShared(fd: number): boolean {
  const isTaken = binding.tryLock(fd, false)
  if (isTaken) binding.unlock(fd)
  return isTaken
}
