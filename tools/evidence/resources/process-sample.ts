import { readdirSync, readFileSync } from 'node:fs'

/** What a process holds at one moment. */
export interface ProcessSample {
  readonly descriptors: number
  /** Mappings of files whose path contains the folder asked for, also of files that were deleted since. */
  readonly queueMappings: number
  /** All mappings. */
  readonly mappings: number
  readonly threads: number
  /** Memory of its own; pages of mapped files are not among it. */
  readonly anonymousKb: number
  /** All resident memory, pages of mapped files included. */
  readonly residentKb: number
}

/**
 * Looks at a running process through /proc.
 *
 * @param folder what the paths of the queues' files have in common
 * @throws `ENOENT`, `ESRCH`: there is no such process.
 */
export function sampleProcess(pid: number, folder: string): ProcessSample {
  const maps = readFileSync(`/proc/${pid}/maps`, 'latin1').trimEnd().split('\n')
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const numberOf = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN)
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    queueMappings: maps.filter((line) => line.includes(folder)).length,
    mappings: maps.length,
    threads: numberOf('Threads'),
    anonymousKb: numberOf('RssAnon'),
    residentKb: numberOf('VmRSS'),
  }
}

/** Paths of the mapped files below a folder, to find out what keeps them. */
export function mappedFiles(pid: number, folder: string): string[] {
  const maps = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')
  return maps.filter((line) => line.includes(folder)).map((line) => line.slice(line.indexOf('/')))
}
