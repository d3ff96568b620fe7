import { type Cpu, END, type Model, type Process, words } from './machine.js'

/**
 * `waitersPending`, the count that readers of the base format add themselves to before they park and take themselves from afterwards.
 *
 * The one of a reader that dies parked stays, and every append pays a system call for it. A process that resets the count guesses. A living reader that was counted, and is
 * slow or stopped, takes its one away later. Then the count is one too low, and the next reader that parks makes it 0 and sleeps unseen. No rule over a bare count can
 * distinguish the two, however long it watches.
 *
 * So the count is left alone and only its cost is bounded. When wakes keep finding no sleeper the writer skips them, and whenever it skipped one a background thread wakes a
 * little later (1 ms). The system calls are bounded by time instead of by appends, and no wake-up is lost.
 */
export type WaiterCostFault =
  /** Resets the count when a wake found no sleeper and the count is still the same. */
  | 'reset-if-unchanged'
  /** Resets it only after a time in which no living reader was counted awake, but by a plain store. */
  | 'reset-after-a-second'
  /** Takes away what it saw instead of storing 0. */
  | 'subtract'
  /** Resets, adds 1 to the notify word and wakes all. */
  | 'reset-bump-wake'
  /** Skips wakes and leaves it at that. */
  | 'no-later-wake'

export interface WaiterCostSetting {
  readonly fault?: WaiterCostFault
  readonly kills?: number
  /** How many readers there are, at most two. Each may be stopped (SIGSTOP) at any step, for as long as the others take. */
  readonly readers?: number
}

const READERS = 2
const RECORDS = 3

const shared = words({ published: 1, notify: 1, waiting: 1, asleep: READERS, counted: READERS, skipped: 1, finished: 1 })
const local = words({ next: 1, seen: 1, count: 1 })

const aSecondPassed = (cpu: Cpu) => {
  for (let i = 0; i < READERS; i++) if (cpu.peek(shared.counted + i) === 1 && cpu.peek(shared.asleep + i) === 0) return false
  return true
}

const writer = (fault: WaiterCostFault | undefined): Process => ({
  name: 'writer',
  locals: local.length,
  start: 'publish',
  steps: {
    publish: (cpu) => {
      if (cpu.get(local.next) === RECORDS) {
        cpu.poke(shared.finished, 1)
        return END
      }
      cpu.set(local.next, cpu.get(local.next) + 1)
      cpu.set(local.count, 0)
      cpu.store(shared.published, cpu.get(local.next))
      return 'notify'
    },
    notify: (cpu) => {
      cpu.add(shared.notify, 1)
      return 'anyone waiting'
    },
    'anyone waiting': (cpu) => {
      cpu.set(local.count, cpu.load(shared.waiting))
      if (cpu.get(local.count) === 0) return 'publish'
      // Which wakes are skipped is a matter of time; the model skips any.
      return (fault === undefined || fault === 'no-later-wake') && cpu.choose(2) === 1 ? 'skip' : 'wake'
    },
    skip: (cpu) => {
      cpu.exchange(shared.skipped, 1)
      return 'publish'
    },
    wake: (cpu) => {
      let found = 0
      for (let i = 0; i < READERS; i++) {
        found += cpu.peek(shared.asleep + i)
        cpu.poke(shared.asleep + i, 0)
      }
      if (found > 0 || fault === undefined || fault === 'no-later-wake' || cpu.choose(2) === 0) return 'publish'
      return fault === 'reset-after-a-second' && !aSecondPassed(cpu) ? undefined : 'reset'
    },
    reset: (cpu) => {
      if (fault === 'reset-after-a-second') cpu.store(shared.waiting, 0)
      else if (fault === 'subtract') cpu.add(shared.waiting, -cpu.get(local.count))
      else if (cpu.peek(shared.waiting) === cpu.get(local.count)) cpu.exchange(shared.waiting, 0)
      return fault === 'reset-bump-wake' ? 'bump' : 'publish'
    },
    bump: (cpu) => {
      cpu.add(shared.notify, 1)
      return 'wake after the reset'
    },
    'wake after the reset': (cpu) => {
      for (let i = 0; i < READERS; i++) cpu.poke(shared.asleep + i, 0)
      return 'publish'
    },
  },
})

const background = (fault: WaiterCostFault | undefined): Process => ({
  name: 'background',
  locals: 0,
  start: 'sleep',
  steps: {
    sleep: (cpu) => {
      if (cpu.peek(shared.skipped) === 1) return fault === 'no-later-wake' ? END : 'take'
      return cpu.peek(shared.finished) === 1 ? END : undefined
    },
    take: (cpu) => {
      cpu.exchange(shared.skipped, 0)
      return 'wake'
    },
    wake: (cpu) => {
      for (let i = 0; i < READERS; i++) cpu.poke(shared.asleep + i, 0)
      return 'sleep'
    },
  },
})

const reader = (index: number): Process => ({
  name: `reader ${index}`,
  locals: local.length,
  start: 'look',
  killable: index === 0,
  onKill: (cpu) => {
    cpu.poke(shared.asleep + index, 0)
    cpu.poke(shared.counted + index, 0)
  },
  steps: {
    look: (cpu) => {
      const published = cpu.load(shared.published)
      if (published === RECORDS) return END
      cpu.set(local.next, published)
      return 'load notify'
    },
    'load notify': (cpu) => {
      cpu.set(local.seen, cpu.load(shared.notify))
      return 'count in'
    },
    'count in': (cpu) => {
      cpu.add(shared.waiting, 1)
      cpu.poke(shared.counted + index, 1)
      return 'last look'
    },
    'last look': (cpu) => (cpu.load(shared.published) > cpu.get(local.next) ? 'count out' : 'futex wait'),
    'futex wait': (cpu) => {
      if (cpu.peek(shared.notify) === cpu.get(local.seen)) cpu.poke(shared.asleep + index, 1)
      return 'asleep'
    },
    asleep: (cpu) => (cpu.peek(shared.asleep + index) === 1 ? undefined : 'count out'),
    'count out': (cpu) => {
      cpu.add(shared.waiting, -1)
      cpu.poke(shared.counted + index, 0)
      cpu.set(local.seen, 0)
      return 'look'
    },
  },
})

export function waiterCost({ fault, kills = 1, readers = READERS }: WaiterCostSetting = {}): Model {
  return {
    words: shared.length,
    processes: [writer(fault), ...Array.from({ length: readers }, (_, index) => reader(index)), background(fault)],
    bufferLength: 1,
    kills,
    judge: (end) => {
      for (let i = 1; i <= readers; i++) {
        if (!end.ended(i) && !end.dead(i))
          return `reader ${i - 1} sleeps forever after ${end.local(i, local.next)} of ${RECORDS} records`
      }
      return undefined
    },
  }
}
