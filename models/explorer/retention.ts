import { type Cpu, END, type Model, type Process, words } from './machine.js'

/**
 * Retention against a reader that is just registering.
 *
 * The pruner deletes segments that every registered reader has committed past. A reader that registers finds the lowest segment, maps it,
 * and writes its meta. Between the pruner's look at the metas and its unlink a new meta may appear. The kernel keeps the order of file
 * operations, so no store buffers here.
 *
 * The promise: once an open returned, nothing at or behind the reader's saved position is deleted, however often pruner and reader are
 * killed; and the segments that exist never have a hole.
 */
export type RetentionRule =
  /** Reader: shared lock on `readers/` from looking for the lowest segment to the written meta. Pruner: exclusive lock from its look at the metas to the last unlink. */
  | 'lock'
  /** Pruner renames a segment aside, looks at the metas, then deletes it or puts it back. Reader: meta first, then its segment must still have its name. */
  | 'aside'

export type RetentionFault =
  /** One look at the metas, then deletes. */
  | 'no-protection'
  /** The reader checks after writing its meta that the segment still exists; the pruner looks at the metas again before every unlink. */
  | 'look-again'
  /** `lock`, but the reader lets go before its meta is there. */
  | 'early-unlock'
  /** `lock`, but the pruner looks at the metas before it has the lock. */
  | 'early-look'
  /** `aside`, but the reader does not look again after its meta is there. */
  | 'no-check-after-meta'
  /** Deletes from the highest segment down: a kill leaves a hole. */
  | 'downwards'
  /** A meta that cannot be read (a legacy file, written in place) is taken for no meta. */
  | 'torn-meta-pins-nothing'

export interface RetentionSetting {
  readonly rule?: RetentionRule
  readonly fault?: RetentionFault
  readonly kills?: number
}

const SEGMENTS = 3
const HEAD = SEGMENTS - 1
const GONE = 0
const THERE = 1
const ASIDE = 2
/** Values of a meta word: none, being created for the first time, or the saved segment plus this. */
const NO_META = 0
const TORN_META = 1
const SAVED = 2
const EXCLUSIVE = 100
/** Two readers: one that is registered from the start, one that comes. */
const OLD = 0
const NEW = 1

const shared = words({ file: SEGMENTS, meta: 2, lock: 1, promised: 2 })
const local = words({ limit: 1, segment: 1, locked: 1, created: 1 })
/** A rule with at most one fault in it. */
interface Plan {
  readonly rule: RetentionRule
  readonly fault: RetentionFault | undefined
}

const locks = ({ rule, fault }: Plan) => rule === 'lock' && fault !== 'no-protection' && fault !== 'look-again'

const pinned = (cpu: Cpu, { fault }: Plan) => {
  let lowest = HEAD
  for (const reader of [OLD, NEW]) {
    const meta = cpu.peek(shared.meta + reader)
    if (meta === TORN_META && fault !== 'torn-meta-pins-nothing') return 0
    if (meta >= SAVED) lowest = Math.min(lowest, meta - SAVED)
  }
  return lowest
}
const lowestFile = (cpu: Cpu) => {
  let segment = 0
  while (cpu.peek(shared.file + segment) === GONE) segment++
  return segment
}
const remove = (cpu: Cpu, segment: number) => {
  for (const reader of [OLD, NEW]) {
    const promised = cpu.peek(shared.promised + reader)
    if (promised > 0 && promised - 1 <= segment)
      cpu.fail(`segment ${segment} is deleted under reader ${reader}, which is at segment ${promised - 1}`)
  }
  cpu.poke(shared.file + segment, GONE)
  for (let i = 0; i < segment; i++) if (cpu.peek(shared.file + i) !== GONE) cpu.fail(`segment ${i} exists below a hole`)
}
const unlock = (cpu: Cpu) => {
  if (cpu.get(local.locked) > 0) cpu.poke(shared.lock, cpu.peek(shared.lock) - cpu.get(local.locked))
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
    begin: () => (locks(plan) && plan.fault !== 'early-look' ? 'lock' : plan.rule === 'aside' ? 'sweep' : 'look at metas'),
    lock: (cpu) => {
      if (cpu.peek(shared.lock) > 0) return undefined
      cpu.poke(shared.lock, EXCLUSIVE)
      cpu.set(local.locked, EXCLUSIVE)
      return plan.fault === 'early-look' ? 'next segment' : 'look at metas'
    },
    // What a killed pruner left aside is put back; it goes again if nobody needs it.
    sweep: (cpu) => {
      for (let i = 0; i < HEAD; i++) {
        if (cpu.peek(shared.file + i) === ASIDE) {
          cpu.poke(shared.file + i, THERE)
          return 'sweep'
        }
      }
      return 'look at metas'
    },
    'look at metas': (cpu) => {
      cpu.set(local.limit, pinned(cpu, plan))
      if (locks(plan) && plan.fault === 'early-look') return 'lock'
      return 'next segment'
    },
    'next segment': (cpu) => {
      const limit = cpu.get(local.limit)
      for (let i = 0; i < limit; i++) {
        const segment = plan.fault === 'downwards' ? limit - 1 - i : i
        if (cpu.peek(shared.file + segment) === THERE) {
          cpu.set(local.segment, segment)
          if (plan.rule === 'aside') return 'move aside'
          return plan.fault === 'look-again' ? 'look again' : 'unlink'
        }
      }
      unlock(cpu)
      return END
    },
    'look again': (cpu) => (pinned(cpu, plan) > cpu.get(local.segment) ? 'unlink' : END),
    unlink: (cpu) => {
      remove(cpu, cpu.get(local.segment))
      return 'next segment'
    },
    'move aside': (cpu) => {
      cpu.poke(shared.file + cpu.get(local.segment), ASIDE)
      return 'decide'
    },
    decide: (cpu) => (pinned(cpu, plan) > cpu.get(local.segment) ? 'remove' : 'put back'),
    remove: (cpu) => {
      remove(cpu, cpu.get(local.segment))
      return 'next segment'
    },
    'put back': (cpu) => {
      cpu.poke(shared.file + cpu.get(local.segment), THERE)
      return END
    },
  },
})

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
      cpu.poke(shared.meta + OLD, TORN_META)
      return 'committed'
    },
    committed: (cpu) => {
      cpu.poke(shared.meta + OLD, cpu.peek(shared.promised + OLD) - 1 + SAVED)
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
    const lock = cpu.peek(shared.lock)
    if (lock % EXCLUSIVE > 0) cpu.poke(shared.lock, lock - 1)
  },
  steps: {
    open: () => (locks(plan) ? 'lock' : 'find lowest'),
    lock: (cpu) => {
      if (cpu.peek(shared.lock) >= EXCLUSIVE) return undefined
      cpu.poke(shared.lock, cpu.peek(shared.lock) + 1)
      cpu.set(local.locked, 1)
      return 'find lowest'
    },
    'find lowest': (cpu) => {
      const saved = cpu.peek(shared.meta + NEW)
      cpu.set(local.segment, saved >= SAVED ? saved - SAVED : lowestFile(cpu))
      return 'map'
    },
    // A saved position whose segment is gone is data loss, and said aloud; a fresh start looks again.
    map: (cpu) => {
      const file = cpu.peek(shared.file + cpu.get(local.segment))
      // A segment that stands aside comes back or goes; which one, only its pruner knows.
      if (file === ASIDE) return undefined
      if (file === GONE) return gone(cpu)
      if (plan.fault === 'early-unlock') unlock(cpu)
      return cpu.peek(shared.meta + NEW) >= SAVED ? 'check' : 'create meta'
    },
    'create meta': (cpu) => {
      cpu.poke(shared.meta + NEW, TORN_META)
      return 'write meta'
    },
    'write meta': (cpu) => {
      cpu.set(local.created, 1)
      cpu.poke(shared.meta + NEW, cpu.get(local.segment) + SAVED)
      return 'check'
    },
    check: (cpu) => {
      const checks = plan.rule === 'aside' ? plan.fault !== 'no-check-after-meta' : plan.fault === 'look-again'
      const file = cpu.peek(shared.file + cpu.get(local.segment))
      if (checks && file === ASIDE) return undefined
      if (checks && file === GONE) {
        if (cpu.get(local.created) === 0) return 'lost aloud'
        cpu.poke(shared.meta + NEW, NO_META)
        return 'find lowest'
      }
      return 'opened'
    },
    opened: (cpu) => {
      cpu.poke(shared.promised + NEW, cpu.get(local.segment) + 1)
      if (cpu.peek(shared.file + cpu.get(local.segment)) === GONE) cpu.fail('an open returned a segment that is deleted')
      unlock(cpu)
      return 'using'
    },
    using: () => END,
    'lost aloud': (cpu) => {
      if (cpu.peek(shared.promised + NEW) > 0) cpu.fail('a registered reader lost what it was promised')
      cpu.poke(shared.meta + NEW, NO_META)
      return 'find lowest'
    },
  },
})

const gone = (cpu: Cpu) => (cpu.peek(shared.meta + NEW) >= SAVED ? 'lost aloud' : 'find lowest')

export function retention({ rule = 'lock', fault, kills = 2 }: RetentionSetting = {}): Model {
  return {
    words: shared.length,
    initial: {
      ...Object.fromEntries(Array.from({ length: SEGMENTS }, (_, i) => [shared.file + i, THERE])),
      [shared.meta + OLD]: SAVED,
      [shared.promised + OLD]: 1,
    },
    processes: [pruner({ rule, fault }), oldReader, newReader({ rule, fault })],
    bufferLength: 0,
    kills,
    judge: (end) => (end.ended(0) && end.ended(2) ? undefined : 'a pruner or a reader stands still'),
  }
}
