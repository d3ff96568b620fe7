import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from './expected-error.js'

/** Stands in every folder that a program made for itself: nothing without it is ever removed. */
const MARKER = '.chronicle-example.json'
/** f_type of tmpfs. */
const TMPFS = 0x01021994

interface Marker {
  /** The process that made the folder. */
  readonly pid: number
  readonly keep: boolean
}

/** Where a program's queues are. */
export interface RunFolder {
  readonly root: string
  /** Made for this run, so that an interrupted run may remove it. */
  readonly isTemporary: boolean
}

/** Uses the folder that the user named, making it where it is missing. @throws {@link UsageError} when that cannot be. */
export function useFolder(path: string): RunFolder {
  const root = resolve(path)
  try {
    mkdirSync(root, { recursive: true })
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new UsageError(`Cannot use --root ${root}: ${(error as Error).message}`)
  }
  return { root, isTemporary: false }
}

export interface NewFolder {
  /** Part of the folder's name. */
  readonly program: string
  /** Later runs must not remove it. */
  readonly keep?: boolean
  /** Where to make it; by default among the temporary files. */
  readonly parent?: string
}

/**
 * Makes a new folder, and removes those of the program's earlier runs that are over and were not to be kept. The last run's queues stay to be looked at, and running it often
 * does not fill the disk.
 */
export function createFolder({ program, keep = false, parent = temporaryDirectory() }: NewFolder): RunFolder {
  const prefix = `chronicle-${program}-`
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name)
    if (name.startsWith(prefix) && isLeftOver(folder)) rmSync(folder, { recursive: true, force: true })
  }
  const root = mkdtempSync(join(parent, prefix))
  const marker: Marker = { pid: process.pid, keep }
  writeFileSync(join(root, MARKER), JSON.stringify(marker))
  return { root, isTemporary: true }
}

/** Removes a folder that {@link createFolder} made; one that the user named stays. */
export function removeFolder({ root, isTemporary }: RunFolder): void {
  if (isTemporary) rmSync(root, { recursive: true, force: true })
}

function isLeftOver(folder: string): boolean {
  const marker = readMarker(folder)
  return marker !== undefined && !marker.keep && !isRunning(marker.pid) && statSync(folder).uid === process.getuid?.()
}

function readMarker(folder: string): Marker | undefined {
  try {
    const marker: Partial<Marker> = JSON.parse(readFileSync(join(folder, MARKER), 'utf8'))
    return typeof marker.pid === 'number' && typeof marker.keep === 'boolean' ? { pid: marker.pid, keep: marker.keep } : undefined
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The folder for temporary files; where that is memory and another one is a disk, the other one, since queues are meant to be files. */
function temporaryDirectory(): string {
  const usual = tmpdir()
  const other = '/var/tmp'
  return isMemory(usual) && !isMemory(other) ? other : usual
}

function isMemory(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
    return statfsSync(directory).type === TMPFS
  } catch {
    return true
  }
}
