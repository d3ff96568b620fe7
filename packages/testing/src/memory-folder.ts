import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fromSystemError, processStartTime } from '@chronicle-ts/core/internal'

/** Memory of every Linux system, where no disk has to be waited for. */
const MEMORY = '/dev/shm'

const PREFIX = 'chronicle-testing-'
const NAME = /^chronicle-testing-(\d+)-(\d+)-(\d+)-/

const folders = new Set<string>()
let parent: string | undefined
let ownPrefix: string | undefined

/**
 * Makes a folder that is deleted when this thread ends, if not before. Its name carries the thread and its start time. The next call in any thread of any process, and the end of this one, delete the folders
 * of processes that were killed and of workers that were terminated.
 * It also carries the namespace of process ids: containers may share the memory, and a process that lives in one does not exist in the other.
 */
export function makeFolder(): string {
  parent ??= chooseParent()
  sweep(parent)
  const folder = makeIn(parent)
  folders.add(folder)
  return folder
}

/** @throws `ERR_NO_SPACE`, `ERR_PERMISSION` and other errors of a queue. */
function makeIn(directory: string): string {
  try {
    return mkdtempSync(join(directory, prefixOfThread()))
  } catch (error) {
    throw fromSystemError(error, { path: directory })
  }
}

function prefixOfThread(): string {
  ownPrefix ??= `${PREFIX}${pidNamespace()}-${threadId()}-${processStartTime(threadId()) ?? 0}-`
  return ownPrefix
}

/** The kernel's number of this thread, which is the pid in the main thread. It has a place in /proc as a process has. */
function threadId(): number {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return process.pid
  }
}

/** The kernel's number of this process's namespace of process ids; 0 where `/proc` does not have it. */
export function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

/** Deletes a folder; what cannot be deleted now, for want of a descriptor, is deleted at the end of the process or by the next sweep. */
export function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
    folders.delete(folder)
  } catch {
    // The error of the caller, which may be the same want, says more.
  }
}

/** Chooses where folders are made, once per thread. */
export function chooseParent(memory = MEMORY): string {
  const found = isDirectory(memory) ? memory : tmpdir()
  if (found !== memory)
    process.emitWarning(`${memory} is missing: queues of tests are in ${found}`, {
      type: 'ChronicleTesting',
      code: 'CHRONICLE_NO_MEMORY_FOLDER',
    })
  process.once('exit', () => {
    for (const folder of folders) removeFolder(folder)
    sweep(found)
  })
  return found
}

/** Deletes what processes left that were killed, and workers that were terminated. Another thread or process may do the same now. */
export function sweep(folder: string): void {
  const startTimes = new Map<string, number | undefined>()
  const own = pidNamespace()
  for (const name of namesIn(folder)) {
    if (name.startsWith(prefixOfThread())) continue
    const [, namespace, thread, startTime] = NAME.exec(name) ?? []
    if (thread === undefined || namespace !== own) continue
    if (!startTimes.has(thread)) startTimes.set(thread, processStartTime(Number(thread)))
    if ((startTimes.get(thread) ?? -1) === Number(startTime)) continue
    try {
      rmSync(join(folder, name), { recursive: true, force: true })
    } catch {
      // It belongs to another user, whose next test deletes it.
    }
  }
}

/** None when the process has no descriptor left: the next sweep deletes them. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
