import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

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

/** Descriptors of this process for what lies below a directory, and its inotify instances. Others do not count: the engine and the test runner open files at any time. */
export function countDescriptors(directory: string): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => targetOf(`/proc/self/fd/${fd}`))
  return targets.filter((target) => target.startsWith(directory) || target.includes('inotify')).length
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    // The descriptor that listed the directory is closed by now.
    return ''
  }
}
