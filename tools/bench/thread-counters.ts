import { readFileSync } from 'node:fs'

/** What the kernel counted about a process's main thread. */
export interface ThreadCounters {
  /** Times it gave the CPU up to wait for something: a lock, a disk, another thread. */
  readonly sleeps: number
  /** Times another thread was given its CPU. */
  readonly preemptions: number
}

/** Reads them for this process; two files of /proc, so not for hot paths. */
export function readThreadCounters(): ThreadCounters {
  const status = readFileSync(`/proc/self/task/${process.pid}/status`, 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(status)?.[1] ?? Number.NaN)
  return { sleeps: field('voluntary_ctxt_switches'), preemptions: field('nonvoluntary_ctxt_switches') }
}
