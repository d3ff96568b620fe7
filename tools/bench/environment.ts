import { execFileSync } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

/** What a figure means nothing without. */
export interface Environment {
  readonly cpu: string
  readonly cpuCount: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  /** The checkout's commit; `-dirty` behind it when files differ, `unknown` outside of a repository. */
  readonly commit: string
  readonly date: string
  /** Type of the file system that holds the queues, as the kernel numbers it. */
  readonly fileSystem: string
  /** Runnable processes per CPU over the last minute, before the run: above about 0.5 somebody else is at work. */
  readonly loadPerCpu: number
}

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
}

export function readEnvironment(directory: string): Environment {
  const type = statfsSync(directory).type
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuCount: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    commit: readCommit(),
    date: new Date().toISOString(),
    fileSystem: FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`,
    loadPerCpu: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]) / availableParallelism(),
  }
}

function readCommit(): string {
  try {
    const commit = execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return commit.trim()
  } catch {
    return 'unknown'
  }
}
