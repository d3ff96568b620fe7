import { execFileSync } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { formatBytes } from '../../output/quantities.js'

/** Runnable processes per CPU from which on they disturb what is measured. */
const BUSY_LOAD_PER_CPU = 0.5

/** What a figure means nothing without. */
export interface BenchEnvironment {
  readonly cpu: string
  readonly cpuCount: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  /** Of chron-cli. */
  readonly version: string
  /** Of the checkout that chron-cli runs from; absent when it was installed. */
  readonly commit: string | undefined
  readonly date: string
  readonly fileSystem: string
  /** Runnable processes per CPU before the run. */
  readonly loadPerCpu: number
}

/** Numbers of file systems from statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
  26985: 'nfs',
}

export function readEnvironment(directory: string): BenchEnvironment {
  const { type } = statfsSync(directory)
  const description = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    version: description.version,
    commit: readCommit(),
    date: new Date().toISOString(),
    fileSystem: FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`,
    loadPerCpu: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]) / availableParallelism(),
  }
}

/** Whether other programs were at work before the run, so that figures are worse and spread wider than on an idle machine. */
export function wasBusy({ loadPerCpu }: BenchEnvironment): boolean {
  return loadPerCpu > BUSY_LOAD_PER_CPU
}

/** The machine in a few words: processor, memory, kernel, file system. */
export function describeMachine({ cpu, cpuCount, memoryBytes, kernel, fileSystem }: BenchEnvironment): string {
  return `${cpu}, ${cpuCount} CPUs, ${formatBytes(memoryBytes)}, Linux ${kernel}, ${fileSystem}`
}

/** An installed package may lie inside of another repository: its commit says nothing about this one. */
function readCommit(): string | undefined {
  const here = import.meta.dirname
  if (here.includes('/node_modules/')) return undefined
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: here, encoding: 'utf8', stdio: [...stdio] }).trim()
  } catch {
    return undefined
  }
}
