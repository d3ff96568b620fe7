import { readFileSync } from 'node:fs'
import { type ProcessFacts, readProcess } from './process-facts.js'

/** What the kernel says of locks, and of the processes that hold them, during one look at one queue or many. The list of locks is read once, and each process asked once. */
export class LockTable {
  /** By device and inode, as the list has them. */
  #holders: ReadonlyMap<string, number>
  #isReadAgain = false
  readonly #processes = new Map<number, ProcessFacts>()

  constructor(
    list: string,
    private readonly readAgain: () => string = readLocks,
  ) {
    this.#holders = parseLocks(list)
  }

  /** The process that holds an exclusive lock on a file; `undefined` where the list names none. */
  holderOf({ dev, ino }: { readonly dev: number; readonly ino: number }): number | undefined {
    return this.#holders.get(`${hexByte((dev >>> 8) & 0xfff)}:${hexByte((dev & 0xff) | ((dev >>> 12) & 0xfff00))}:${ino}`)
  }

  /**
   * {@link holderOf} of a file whose lock is held although the list names no holder. The kernel gives the list in pieces, and a lock that is released between two of them hides another one. So the list is read once
   * more, and no further time: the holder may be of another pid namespace.
   */
  missedHolderOf(file: { readonly dev: number; readonly ino: number }): number | undefined {
    if (!this.#isReadAgain) this.#holders = new Map([...this.#holders, ...parseLocks(this.readAgain())])
    this.#isReadAgain = true
    return this.holderOf(file)
  }

  /** What a process does, as it was when this was asked first. */
  processOf(pid: number): ProcessFacts {
    let facts = this.#processes.get(pid)
    if (facts === undefined) {
      facts = readProcess(pid)
      this.#processes.set(pid, facts)
    }
    return facts
  }

  /** Whether a process with this pid and start time runs; `undefined` where that cannot be seen. One that has ended but waits for its parent does not run. */
  runs({ pid, startTime }: { readonly pid: number; readonly startTime: number }): boolean | undefined {
    const facts = this.processOf(pid)
    return facts.state === null ? undefined : facts.startTime === startTime
  }
}

/** Reads the kernel's list of locks. Its length grows with the locks of the whole machine. */
export function readLockTable(): LockTable {
  return new LockTable(readLocks())
}

function readLocks(): string {
  try {
    return readFileSync('/proc/locks', 'latin1')
  } catch {
    return ''
  }
}

/** Lines look like `3: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF`. One that waits has an arrow before its kind, and a holder of another pid namespace is process 0. */
const HELD = /^ *\d+: +FLOCK +\S+ +WRITE +([1-9]\d*) +(\S+)/gm

function parseLocks(list: string): ReadonlyMap<string, number> {
  const holders = new Map<string, number>()
  for (const [, pid, place = ''] of list.matchAll(HELD)) holders.set(place, Number(pid))
  return holders
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}
