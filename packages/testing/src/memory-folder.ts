import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processStartTime } from '@chronicle-ts/core/internal'

/** Memory of every Linux system, where no disk has to be waited for. */
const MEMORY = '/dev/shm'

const PREFIX = 'chronicle-testing-'
const NAME = /^chronicle-testing-(\d+)-(\d+)-/

const folders = new Set<string>()
let parent: string | undefined

/**
 * Makes a folder that is deleted when this process ends, if not before. Its name carries the process and its start time: the folders of processes that were killed are deleted
 * by the first call of the next process.
 */
export function makeFolder(): string {
  parent ??= chooseParent()
  const folder = mkdtempSync(join(parent, `${PREFIX}${process.pid}-${processStartTime(process.pid) ?? 0}-`))
  folders.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  folders.delete(folder)
  rmSync(folder, { recursive: true, force: true })
}

/** Chooses where folders are made, once per process, and cleans up there. */
export function chooseParent(memory = MEMORY): string {
  const found = isDirectory(memory) ? memory : tmpdir()
  if (found !== memory)
    process.emitWarning(`${memory} is missing: queues of tests are in ${found}`, {
      type: 'ChronicleTesting',
      code: 'CHRONICLE_NO_MEMORY_FOLDER',
    })
  sweep(found)
  process.once('exit', () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })
  return found
}

/** Deletes what processes left that were killed. Another process may do the same now. */
export function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid, startTime] = NAME.exec(name) ?? []
    if (pid === undefined || (processStartTime(Number(pid)) ?? -1) === Number(startTime)) continue
    try {
      rmSync(join(folder, name), { recursive: true, force: true })
    } catch {
      // It belongs to another user, whose next test deletes it.
    }
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
