import { readdirSync, readFileSync } from 'node:fs'

/** Inotify watches that this process holds, as the kernel counts them. */
export function countInotifyWatches(): number {
  let count = 0
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    try {
      count += readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')
        .split('\n')
        .filter((line) => line.startsWith('inotify ')).length
    } catch {
      // The descriptor that listed the directory is closed by now.
    }
  }
  return count
}

/** Open descriptors of this process. */
export function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}
