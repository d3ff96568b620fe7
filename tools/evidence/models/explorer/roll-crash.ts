import { type Cpu, END, type Model, type Process, words } from './machine.js'

/**
 * A writer that is killed at any step of an append or a roll, the next writer's recovery (killed as well), and a reader that goes on meanwhile.
 *
 * Roll: publish N+1 complete, generation odd, head = N+1, generation even, SEALED on N. Recovery, under the lock: the head that the control block names counts for any
 * generation (one word is never torn). Then an odd generation is made even, the predecessor is sealed if it is not, and the torn tail is zeroed. The sequence goes on after
 * the last committed record.
 */
export type RollCrashFault =
  /** L4: the sequence starts at 0 with every writer. */
  | 'sequence-restarts'
  /** L6: N+1 gets its name before its header, and a file without a header ends the next writer's roll. */
  | 'named-before-header'
  /** L14: the next writer waits for an even generation. */
  | 'writer-waits-for-even'
  /** L14: a reader that opens waits for an even generation. */
  | 'reader-waits-for-even'
  /** L23: an N+1 that exists is used with all that is in it. */
  | 'reuse-as-is'
  /** With an odd generation the highest segment with a record is the head, though the control block names a later one. */
  | 'head-below-control'
  /** Recovery leaves the predecessor unsealed, and readers leave at SEALED only. */
  | 'predecessor-unsealed'
  /** SEALED before the control block names the successor; recovery goes on in the sealed segment. */
  | 'seal-before-switch'
  /** The bytes of an append that did not commit stay. */
  | 'torn-tail-stays'

export interface RollCrashSetting {
  readonly fault?: RollCrashFault
  readonly kills?: number
}

const SLOTS = 2
const RECORDS = 3
const SEGMENTS = RECORDS + 1
/** States of a segment file; 0: there is none. */
const NO_HEADER = 1
const VALID = 2
const GARBAGE = 99

const shared = words({
  file: SEGMENTS,
  commit: SEGMENTS * SLOTS,
  dirty: SEGMENTS * SLOTS,
  sealed: SEGMENTS,
  generation: 1,
  head: 1,
})
const local = words({ segment: 1, slot: 1, next: 1, generation: 1 })
const slotOf = (cpu: Cpu) => cpu.get(local.segment) * SLOTS + cpu.get(local.slot)
const committed = (cpu: Cpu) => {
  let count = 0
  for (let i = 0; i < (cpu.peek(shared.head) + 1) * SLOTS; i++) if (cpu.peek(shared.commit + i) !== 0) count++
  return count
}
const isEmpty = (cpu: Cpu, segment: number) => cpu.peek(shared.commit + segment * SLOTS) === 0

const recovery = (fault: RollCrashFault | undefined): Process['steps'] => ({
  open: (cpu) => (cpu.choose(2) === 1 ? END : 'find head'),
  'find head': (cpu) => {
    const odd = cpu.load(shared.generation) % 2 === 1
    if (odd && fault === 'writer-waits-for-even') return undefined
    let head = cpu.load(shared.head)
    if (odd && fault === 'head-below-control' && head > 0 && isEmpty(cpu, head)) head--
    cpu.set(local.segment, head)
    return 'normalise'
  },
  normalise: (cpu) => {
    const generation = cpu.load(shared.generation)
    cpu.store(shared.generation, generation + (generation % 2))
    return 'restore head'
  },
  'restore head': (cpu) => {
    if (cpu.load(shared.head) !== cpu.get(local.segment)) cpu.store(shared.head, cpu.get(local.segment))
    return 'seal predecessor'
  },
  'seal predecessor': (cpu) => {
    if (cpu.get(local.segment) > 0 && fault !== 'predecessor-unsealed') cpu.store(shared.sealed + cpu.get(local.segment) - 1, 1)
    return 'zero tail'
  },
  'zero tail': (cpu) => {
    while (cpu.get(local.slot) < SLOTS && cpu.load(shared.commit + slotOf(cpu)) !== 0)
      cpu.set(local.slot, cpu.get(local.slot) + 1)
    if (cpu.get(local.slot) < SLOTS && fault !== 'torn-tail-stays') cpu.store(shared.dirty + slotOf(cpu), 0)
    return 'find sequence'
  },
  'find sequence': (cpu) => {
    cpu.fence()
    cpu.set(local.next, fault === 'sequence-restarts' ? 0 : committed(cpu))
    return 'append'
  },
})

const appending: Process['steps'] = {
  append: (cpu) => {
    if (cpu.get(local.next) === RECORDS) return END
    const slot = cpu.get(local.slot)
    return slot === SLOTS || (slot > 0 && cpu.choose(2) === 1) ? 'prepare' : 'payload'
  },
  payload: (cpu) => {
    if (cpu.load(shared.dirty + slotOf(cpu)) === 1) cpu.fail('a record is written over the bytes of a dead append')
    cpu.store(shared.dirty + slotOf(cpu), 1)
    return 'commit'
  },
  commit: (cpu) => {
    cpu.store(shared.commit + slotOf(cpu), cpu.get(local.next) + 1)
    cpu.set(local.next, cpu.get(local.next) + 1)
    cpu.set(local.slot, cpu.get(local.slot) + 1)
    return 'append'
  },
}

const rolling = (fault: RollCrashFault | undefined): Process['steps'] => ({
  prepare: (cpu) => {
    cpu.fence()
    const next = cpu.get(local.segment) + 1
    const file = cpu.peek(shared.file + next)
    if (file === NO_HEADER && fault === 'named-before-header') return undefined
    if (file === VALID && (isEmpty(cpu, next) || fault === 'reuse-as-is')) return 'odd'
    // What is there is garbage of a dead writer: it is moved aside, and a complete segment appears under the name in one step.
    for (let i = next * SLOTS; i < (next + 1) * SLOTS; i++) {
      cpu.poke(shared.commit + i, 0)
      cpu.poke(shared.dirty + i, 0)
    }
    cpu.poke(shared.file + next, fault === 'named-before-header' ? NO_HEADER : VALID)
    return fault === 'named-before-header' ? 'header' : 'odd'
  },
  header: (cpu) => {
    cpu.poke(shared.file + cpu.get(local.segment) + 1, VALID)
    return 'odd'
  },
  odd: (cpu) => {
    cpu.set(local.generation, cpu.load(shared.generation) + 1)
    cpu.store(shared.generation, cpu.get(local.generation))
    return fault === 'seal-before-switch' ? 'seal' : 'switch'
  },
  switch: (cpu) => {
    cpu.store(shared.head, cpu.get(local.segment) + 1)
    return 'even'
  },
  even: (cpu) => {
    cpu.store(shared.generation, cpu.get(local.generation) + 1)
    cpu.set(local.generation, 0)
    return fault === 'seal-before-switch' ? 'rolled' : 'seal'
  },
  seal: (cpu) => {
    cpu.store(shared.sealed + cpu.get(local.segment), 1)
    return fault === 'seal-before-switch' ? 'switch' : 'rolled'
  },
  rolled: (cpu) => {
    cpu.set(local.segment, cpu.get(local.segment) + 1)
    cpu.set(local.slot, 0)
    return 'append'
  },
})

const reader = (fault: RollCrashFault | undefined): Process => ({
  name: 'reader',
  locals: local.length,
  start: 'open',
  steps: {
    // An odd generation sends the reader to the directory; it never waits for a writer that may be dead.
    open: (cpu) => (fault === 'reader-waits-for-even' && cpu.load(shared.generation) % 2 === 1 ? undefined : 'look'),
    look: (cpu) => {
      if (cpu.get(local.next) === RECORDS) return END
      return cpu.get(local.slot) < SLOTS && cpu.load(shared.commit + slotOf(cpu)) !== 0 ? 'consume' : 'may leave'
    },
    consume: (cpu) => {
      const found = cpu.load(shared.commit + slotOf(cpu))
      if (found !== cpu.get(local.next) + 1) cpu.fail(`the reader expected record ${cpu.get(local.next)} and found ${found - 1}`)
      cpu.set(local.next, cpu.get(local.next) + 1)
      cpu.set(local.slot, cpu.get(local.slot) + 1)
      return 'look'
    },
    'may leave': (cpu) => {
      const segment = cpu.get(local.segment)
      const sealed = cpu.load(shared.sealed + segment) === 1
      const laterHead = fault !== 'predecessor-unsealed' && cpu.load(shared.head) > segment
      if ((sealed || laterHead) && cpu.peek(shared.file + segment + 1) === VALID) return 'second look'
      return cpu.get(local.slot) < SLOTS && cpu.load(shared.commit + slotOf(cpu)) !== 0 ? 'look' : undefined
    },
    'second look': (cpu) => {
      if (cpu.get(local.slot) < SLOTS && cpu.load(shared.commit + slotOf(cpu)) !== 0) return 'consume'
      cpu.set(local.segment, cpu.get(local.segment) + 1)
      cpu.set(local.slot, 0)
      return 'look'
    },
  },
})

const writer = (fault: RollCrashFault | undefined): Process => ({
  name: 'writer',
  locals: local.length,
  start: 'find head',
  steps: { ...recovery(fault), ...appending, ...rolling(fault) },
  killable: true,
  restart: 'open',
})

export function rollCrash({ fault, kills = 2 }: RollCrashSetting = {}): Model {
  return {
    words: shared.length,
    // Segment 1 is what a writer of another life left: a header, and a record that never belonged to this queue.
    initial: { [shared.file]: VALID, [shared.file + 1]: VALID, [shared.commit + SLOTS]: GARBAGE },
    processes: [writer(fault), reader(fault)],
    bufferLength: 1,
    kills,
    judge: (end) => {
      if (!end.ended(0)) return 'the writer can not go on'
      let appended = 0
      for (let i = 0; i < (end.word(shared.head) + 1) * SLOTS; i++) if (end.word(shared.commit + i) !== 0) appended++
      const read = end.local(1, local.next)
      return read === appended ? undefined : `the reader stays at ${read} of ${appended} records`
    },
  }
}
