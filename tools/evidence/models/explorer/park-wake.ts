import { type Cpu, END, type Model, type Process, words } from './machine.js'

/**
 * Park and wake with the flag that only the writer clears.
 *
 * ```text
 * reader                                    writer, per append and per roll
 *   seen = notifySequence                     commit word, or head
 *   look (commit word, head)                  notifySequence + 1      (full fence)
 *   parkedReaders = 1      (full fence)       if parkedReaders:
 *   futexWait(notifySequence, seen)             parkedReaders = 0     (full fence)
 *                                               notifySequence + 1    (full fence)
 *                                               wake all
 * ```
 *
 * No park has a time limit here: a lost wake-up is a reader that sleeps forever.
 */
export type ParkWakeFault =
  /** L1: "something to read" is the commit word of this segment alone, so that a roll goes unseen. */
  | 'commit-word-only'
  /** L1: the notify word is loaded after the last look. */
  | 'late-notify-load'
  /** The notify word is a plain load and store: the look at parkedReaders may pass it in the store buffer. */
  | 'writer-without-fence'
  /** The flag is a plain store that may still be in the buffer when the kernel compares. */
  | 'reader-without-fence'
  /** The flag is cleared without a second addition to the notify word. */
  | 'one-bump'
  /** The second addition comes before the flag is cleared. */
  | 'bump-before-clear'
  /** The reader takes its flag away itself when it wakes. */
  | 'reader-clears'
  /** L16: a count that readers take away themselves instead of a flag: a dead one's stays forever. */
  | 'counter'

export interface ParkWakeSetting {
  readonly fault?: ParkWakeFault
  readonly kills?: number
}

/** Room per segment: a record, and a slot that stays empty. */
const SLOTS = 2
/** The writer rolls after each, because the next one is too long for what is left of the segment. */
const RECORDS = 2
const READERS = 2

const shared = words({ commit: SLOTS * RECORDS, head: 1, notify: 1, parked: 1, asleep: READERS, wakes: 1, parks: 1 })
const local = words({ segment: 1, slot: 1, next: 1, seen: 1, notify: 1 })
const slotOf = (cpu: Cpu) => cpu.get(local.segment) * SLOTS + cpu.get(local.slot)

const wakeAll = (cpu: Cpu) => {
  for (let i = 0; i < READERS; i++) cpu.poke(shared.asleep + i, 0)
  cpu.poke(shared.wakes, cpu.peek(shared.wakes) + 1)
  // Every park of a reader, and so every death, may cost one system call, once.
  if (cpu.peek(shared.wakes) > cpu.peek(shared.parks)) cpu.fail('a system call for a reader that is long gone')
}

const writer = (fault: ParkWakeFault | undefined): Process => ({
  name: 'writer',
  locals: local.length,
  start: 'publish',
  steps: {
    publish: (cpu) => {
      if (cpu.get(local.next) === RECORDS) return END
      if (cpu.get(local.slot) > 0) {
        cpu.store(shared.head, cpu.get(local.segment) + 1)
        cpu.set(local.segment, cpu.get(local.segment) + 1)
        cpu.set(local.slot, 0)
      } else {
        cpu.store(shared.commit + slotOf(cpu), 1)
        cpu.set(local.slot, cpu.get(local.slot) + 1)
        cpu.set(local.next, cpu.get(local.next) + 1)
      }
      return 'notify'
    },
    notify: (cpu) => {
      if (fault === 'writer-without-fence') {
        cpu.set(local.notify, cpu.get(local.notify) + 1)
        cpu.store(shared.notify, cpu.get(local.notify))
      } else {
        cpu.add(shared.notify, 1)
      }
      return 'anyone parked'
    },
    'anyone parked': (cpu) => {
      if (cpu.load(shared.parked) === 0) return 'publish'
      if (fault === 'counter') return 'wake'
      return fault === 'bump-before-clear' ? 'second notify' : 'clear'
    },
    clear: (cpu) => {
      cpu.exchange(shared.parked, 0)
      return fault === 'one-bump' || fault === 'bump-before-clear' ? 'wake' : 'second notify'
    },
    'second notify': (cpu) => {
      if (fault === 'writer-without-fence') cpu.set(local.notify, cpu.get(local.notify) + 1)
      cpu.add(shared.notify, 1)
      return fault === 'bump-before-clear' ? 'clear' : 'wake'
    },
    wake: (cpu) => {
      wakeAll(cpu)
      return 'publish'
    },
  },
})

const reader = (fault: ParkWakeFault | undefined, index: number): Process => ({
  name: `reader ${index}`,
  locals: local.length,
  start: 'look',
  killable: index === 0,
  onKill: (cpu) => cpu.poke(shared.asleep + index, 0),
  steps: {
    look: (cpu) => {
      if (cpu.get(local.next) === RECORDS) return END
      if (cpu.load(shared.commit + slotOf(cpu)) === 1) return consume(cpu)
      return fault === 'late-notify-load' ? 'look for head' : 'load notify'
    },
    'load notify': (cpu) => {
      cpu.set(local.seen, cpu.load(shared.notify))
      return fault === 'late-notify-load' ? 'announce' : 'last look'
    },
    'last look': (cpu) => (cpu.load(shared.commit + slotOf(cpu)) === 1 ? consume(cpu) : 'look for head'),
    'look for head': (cpu) => {
      if (fault === 'commit-word-only') return 'announce'
      if (cpu.load(shared.head) > cpu.get(local.segment)) return 'leave'
      return fault === 'late-notify-load' ? 'load notify' : 'announce'
    },
    // The second look belongs to the model of leaving; here all records of a segment come before its successor is named.
    leave: (cpu) => {
      if (cpu.load(shared.commit + slotOf(cpu)) === 1) return consume(cpu)
      cpu.set(local.segment, cpu.get(local.segment) + 1)
      cpu.set(local.slot, 0)
      return 'look'
    },
    announce: (cpu) => {
      if (fault === 'counter') cpu.add(shared.parked, 1)
      else if (fault === 'reader-without-fence') cpu.store(shared.parked, 1)
      else cpu.exchange(shared.parked, 1)
      cpu.poke(shared.parks, cpu.peek(shared.parks) + 1)
      return 'futex wait'
    },
    'futex wait': (cpu) => {
      if (cpu.peek(shared.notify) === cpu.get(local.seen)) cpu.poke(shared.asleep + index, 1)
      return 'asleep'
    },
    asleep: (cpu) => {
      if (cpu.peek(shared.asleep + index) === 1) return undefined
      return fault === 'counter' || fault === 'reader-clears' ? 'take back' : 'woken'
    },
    'take back': (cpu) => {
      if (fault === 'counter') cpu.add(shared.parked, -1)
      else cpu.exchange(shared.parked, 0)
      return 'woken'
    },
    woken: (cpu) => {
      cpu.set(local.seen, 0)
      return 'look'
    },
  },
})

const consume = (cpu: Cpu) => {
  cpu.set(local.next, cpu.get(local.next) + 1)
  cpu.set(local.slot, cpu.get(local.slot) + 1)
  return 'look'
}

export function parkWake({ fault, kills = 1 }: ParkWakeSetting = {}): Model {
  return {
    words: shared.length,
    processes: [writer(fault), ...Array.from({ length: READERS }, (_, index) => reader(fault, index))],
    bufferLength: 2,
    kills,
    judge: (end) => {
      for (let i = 1; i <= READERS; i++) {
        if (!end.ended(i) && !end.dead(i))
          return `reader ${i - 1} sleeps forever after ${end.local(i, local.next)} of ${RECORDS} records`
      }
      return undefined
    },
  }
}
