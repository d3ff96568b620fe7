import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ExpectedError } from './expected-error.js'

/** Where a program's queues are. */
export interface RunFolder {
  readonly root: string
  /** Made for this run, so that an interrupted run may remove it. */
  readonly isTemporary: boolean
}

/** Uses the folder that the user named, making it where it is missing. @throws {@link ExpectedError} when that cannot be. */
export function useFolder(path: string): RunFolder {
  const root = resolve(path)
  try {
    mkdirSync(root, { recursive: true })
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new ExpectedError(`Cannot use --root ${root}: ${(error as Error).message}`)
  }
  return { root, isTemporary: false }
}

/**
 * Makes a new folder, and removes those of the program's earlier runs that are over and were not to be kept. The last run's queues stay to be looked at, and running it often
 * does not fill the disk. The name of a folder says which process made it.
 *
 * @param folder `keep`: later runs must not remove it; `parent`: where to make it, by default among the temporary files
 */
export function createFolder(folder: { readonly program: string; readonly keep?: boolean; readonly parent?: string }): RunFolder {
  const { program, keep = false, parent = tmpdir() } = folder
  const prefix = `chronicle-${program}-`
  for (const name of readdirSync(parent))
    if (name.startsWith(prefix) && isLeftOver(parent, name)) rmSync(join(parent, name), { recursive: true, force: true })
  return { root: mkdtempSync(join(parent, `${prefix}${keep ? 'kept' : process.pid}-`)), isTemporary: true }
}

/** Removes a folder that {@link createFolder} made; one that the user named stays. */
export function removeFolder({ root, isTemporary }: RunFolder): void {
  if (isTemporary) rmSync(root, { recursive: true, force: true })
}

function isLeftOver(parent: string, name: string): boolean {
  const pid = /-(\d+)-\w{6}$/.exec(name)?.[1]
  return (
    pid !== undefined &&
    !isRunning(Number(pid)) &&
    statSync(join(parent, name), { throwIfNoEntry: false })?.uid === process.getuid?.()
  )
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
