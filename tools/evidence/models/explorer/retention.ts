import { type Cpu, END, type Model, type Process, words } from './machine.js'

/**
 * Retention against a reader that is just registering.
 *
 * The pruner deletes segments that every registered reader has committed past. A reader that registers finds the lowest segment, maps it,
 * and saves its position. Between the pruner's look at the readers and its unlink a new one may appear. All of it goes through the kernel
 * or through locked operations, so no store buffers here.
 *
 * The promise: once an open returned, nothing at or after the reader's saved position is deleted, however often pruner and reader are killed. The segments that exist never have a hole.
 */
export type RetentionRule =
  /**
   * Both sides say first what they are about to do, then look at what the other one says. The pruner raises the number of the lowest segment
   * that readers may start at, looks at the readers, and deletes, or lowers the number again. The reader has an empty, locked file of its
   * name before it looks for that number.
   */
  | 'announce'
  /** One lock: shared from before a reader looks for the lowest segment to its saved position, exclusive from the pruner's look to its last unlink. */
  | 'lock'

export type RetentionFault =
  /** The pruner looks once, and deletes. */
  | 'no-protection'
  /** The reader checks after saving its position that the segment still exists; the pruner looks at the readers again before every unlink. */
  | 'look-again'
  /** `announce`, but the number is raised only with the unlink. */
  | 'late-announcement'
  /** `announce`, but the reader takes any segment that exists. */
  | 'announcement-ignored'
  /** `announce`, but the reader's file appears only with its position. */
  | 'unregistered-search'
  /** `lock`, but the reader lets go before its position is saved. */
  | 'early-unlock'
  /** `lock`, but the pruner looks at the readers before it has the lock. */
  | 'early-look'
  /** Deletes from the highest segment down: a kill leaves a hole. */
  | 'downwards'
  /** A file without a valid position is taken for no reader. */
  | 'bad-file-pins-nothing'

export interface RetentionSetting {
  readonly rule?: RetentionRule
  readonly fault?: RetentionFault
  readonly kills?: number
}

/** A rule with at most one fault in it. */
interface Plan {
  readonly rule: RetentionRule
  readonly fault: RetentionFault | undefined
}

const SEGMENTS = 3
const HEAD = SEGMENTS - 1
const GONE = 0
const THERE = 1
/** Values of a reader's file: none, empty and locked, without a valid position, or the saved segment plus this. */
const NO_FILE = 0
const REGISTERING = 1
const BAD = 2
const SAVED = 3
const EXCLUSIVE = 100
/** Two readers: one that is registered from the start, one that comes. */
const OLD = 0
const NEW = 1

const shared = words({ segment: SEGMENTS, reader: 2, first: 1, lock: 1, promised: 2 })
const local = words({ limit: 1, at: 1, locked: 1 })

const announces = ({ rule, fault }: Plan) => rule === 'announce' && fault !== 'no-protection' && fault !== 'look-again'

/** The lowest segment that some reader needs. */
function pinned(cpu: Cpu, { fault }: Plan): number {
  let lowest = HEAD
  for (const reader of [OLD, NEW]) {
    const file = cpu.peek(shared.reader + reader)
    if (file === REGISTERING || (file === BAD && fault !== 'bad-file-pins-nothing')) return 0
    if (file >= SAVED) lowest = Math.min(lowest, file - SAVED)
  }
  return lowest
}

function lowestSegment(cpu: Cpu): number {
  let segment = 0
  while (cpu.peek(shared.segment + segment) === GONE) segment++
  return segment
}

function unlink(cpu: Cpu, segment: number): void {
  for (const reader of [OLD, NEW]) {
    const promised = cpu.peek(shared.promised + reader)
    if (promised > 0 && promised - 1 <= segment) {
      cpu.fail(`segment ${segment} is deleted under reader ${reader}, which is at segment ${promised - 1}`)
    }
  }
  cpu.poke(shared.segment + segment, GONE)
  for (let i = 0; i < segment; i++) if (cpu.peek(shared.segment + i) !== GONE) cpu.fail(`segment ${i} exists below a hole`)
}

function unlock(cpu: Cpu): void {
  cpu.poke(shared.lock, cpu.peek(shared.lock) - cpu.get(local.locked))
  cpu.set(local.locked, 0)
}

const pruner = (plan: Plan): Process => ({
  name: 'pruner',
  locals: local.length,
  start: 'begin',
  killable: true,
  restart: 'begin',
  onKill: (cpu) => {
    if (cpu.peek(shared.lock) >= EXCLUSIVE) cpu.poke(shared.lock, cpu.peek(shared.lock) - EXCLUSIVE)
  },
  steps: {
    begin: (cpu) => {
      // What a killed pruner announced and did not delete is there for every reader again.
      if (announces(plan)) cpu.exchange(shared.first, lowestSegment(cpu))
      return plan.rule === 'lock' && plan.fault !== 'early-look' ? 'lock' : 'next'
    },
    lock: (cpu) => {
      if (cpu.peek(shared.lock) > 0) return undefined
      cpu.poke(shared.lock, EXCLUSIVE)
      cpu.set(local.locked, EXCLUSIVE)
      return plan.fault === 'early-look' ? 'unlink' : 'next'
    },
    next: (cpu) => {
      const at = plan.fault === 'downwards' ? HEAD - 1 - cpu.get(local.limit) : lowestSegment(cpu)
      cpu.set(local.at, at)
      if (at === HEAD || at > HEAD) {
        unlock(cpu)
        return END
      }
      return announces(plan) && plan.fault !== 'late-announcement' ? 'announce' : 'look'
    },
    announce: (cpu) => {
      cpu.exchange(shared.first, cpu.get(local.at) + 1)
      return plan.fault === 'late-announcement' ? 'unlink' : 'look'
    },
    look: (cpu) => {
      if (pinned(cpu, plan) <= cpu.get(local.at)) return 'leave it'
      if (plan.fault === 'early-look') return 'lock'
      return plan.fault === 'late-announcement' ? 'announce' : 'unlink'
    },
    'leave it': (cpu) => {
      if (announces(plan)) cpu.exchange(shared.first, cpu.get(local.at))
      unlock(cpu)
      return END
    },
    unlink: (cpu) => {
      unlink(cpu, cpu.get(local.at))
      if (plan.fault === 'downwards') cpu.set(local.limit, cpu.get(local.limit) + 1)
      if (plan.fault === 'early-look') unlock(cpu)
      return plan.fault === 'downwards' && cpu.get(local.limit) === HEAD ? END : 'next'
    },
  },
})

/** Commits its way to the head, in a file of the legacy kind, which is for a moment without a valid position. */
const oldReader: Process = {
  name: 'registered reader',
  locals: 0,
  start: 'commit',
  steps: {
    commit: (cpu) => {
      const promised = cpu.peek(shared.promised + OLD)
      if (promised - 1 === HEAD) return END
      // What was promised to it ends at the moment it says that it is done with the segment.
      cpu.poke(shared.promised + OLD, promised + 1)
      cpu.poke(shared.reader + OLD, BAD)
      return 'committed'
    },
    committed: (cpu) => {
      cpu.poke(shared.reader + OLD, cpu.peek(shared.promised + OLD) - 1 + SAVED)
      return 'commit'
    },
  },
}

const newReader = (plan: Plan): Process => ({
  name: 'new reader',
  locals: local.length,
  start: 'open',
  killable: true,
  restart: 'open',
  onKill: (cpu) => {
    if (cpu.peek(shared.lock) % EXCLUSIVE > 0) cpu.poke(shared.lock, cpu.peek(shared.lock) - 1)
    // An empty file that no process holds promised nothing.
    if (cpu.peek(shared.reader + NEW) === REGISTERING) cpu.poke(shared.reader + NEW, NO_FILE)
  },
  steps: {
    open: () => (plan.rule === 'lock' ? 'lock' : 'register'),
    lock: (cpu) => {
      if (cpu.peek(shared.lock) >= EXCLUSIVE) return undefined
      cpu.poke(shared.lock, cpu.peek(shared.lock) + 1)
      cpu.set(local.locked, 1)
      return 'find'
    },
    register: (cpu) => {
      const registers = announces(plan) && plan.fault !== 'unregistered-search'
      if (registers && cpu.peek(shared.reader + NEW) === NO_FILE) cpu.poke(shared.reader + NEW, REGISTERING)
      return 'find'
    },
    find: (cpu) => {
      const saved = cpu.peek(shared.reader + NEW)
      const heeded = announces(plan) && plan.fault !== 'announcement-ignored'
      const first = Math.max(lowestSegment(cpu), heeded ? cpu.peek(shared.first) : 0)
      cpu.set(local.at, saved >= SAVED ? saved - SAVED : first)
      return 'map'
    },
    map: (cpu) => {
      const isSaved = cpu.peek(shared.reader + NEW) >= SAVED
      // A fresh start looks again. A saved position whose segment is gone is data loss, and said aloud.
      if (cpu.peek(shared.segment + cpu.get(local.at)) === GONE) return isSaved ? 'lost' : 'find'
      if (plan.fault === 'early-unlock') unlock(cpu)
      return isSaved ? 'opened' : 'save'
    },
    save: (cpu) => {
      cpu.poke(shared.reader + NEW, cpu.get(local.at) + SAVED)
      return plan.fault === 'look-again' ? 'check' : 'opened'
    },
    check: (cpu) => {
      if (cpu.peek(shared.segment + cpu.get(local.at)) === THERE) return 'opened'
      cpu.poke(shared.reader + NEW, NO_FILE)
      return 'find'
    },
    opened: (cpu) => {
      cpu.poke(shared.promised + NEW, cpu.get(local.at) + 1)
      if (cpu.peek(shared.segment + cpu.get(local.at)) === GONE) cpu.fail('an open returned a segment that is deleted')
      unlock(cpu)
      return 'using'
    },
    using: () => END,
    lost: (cpu) => {
      if (cpu.peek(shared.promised + NEW) > 0) cpu.fail('a registered reader lost what it was promised')
      cpu.poke(shared.reader + NEW, NO_FILE)
      return 'find'
    },
  },
})

export function retention({ rule = 'announce', fault, kills = 2 }: RetentionSetting = {}): Model {
  return {
    words: shared.length,
    initial: {
      ...Object.fromEntries(Array.from({ length: SEGMENTS }, (_, i) => [shared.segment + i, THERE])),
      [shared.reader + OLD]: SAVED,
      [shared.promised + OLD]: 1,
    },
    processes: [pruner({ rule, fault }), oldReader, newReader({ rule, fault })],
    bufferLength: 0,
    kills,
    judge: (end) => (end.ended(0) && end.ended(2) ? undefined : 'a pruner or a reader stands still'),
  }
}
