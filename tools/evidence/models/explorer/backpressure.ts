import { END, type Model, type Process, words } from './machine.js'

/**
 * A writer that is full and waits for its readers.
 *
 * ```text
 * writer                                     reader, per commit
 *   seen = progressSequence                    saved position
 *   writerBlocked = 1      (full fence)                            (full fence)
 *   look at the slowest position               if writerBlocked:
 *   futexWait(progressSequence, seen, 100 ms)    progressSequence + 1, wake
 *                                            and when it leaves: meta removed or lock released, progressSequence + 1, wake
 * ```
 *
 * A reader that is killed says nothing; only the bounded wait finds that out. Without a kill the wait has no bound, which
 * shows that no wake-up is lost while every process lives.
 */
export type BackpressureFault =
  /** The positions are looked at before writerBlocked is stored. */
  | 'look-before-announcing'
  /** The notify word is loaded after the look. */
  | 'late-progress-load'
  /** No full fence between the saved position and the look at writerBlocked. */
  | 'reader-without-fence'
  /** No full fence between writerBlocked and the look at the positions. */
  | 'writer-without-fence'
  /** A reader that leaves makes no wake. */
  | 'silent-leave'
  /** The wait has no bound though a reader may be killed. */
  | 'unbounded-wait'

export interface BackpressureSetting {
  readonly fault?: BackpressureFault
  readonly kills?: number
}

/** Records that the slowest reader may be behind. */
const ROOM = 1
const READERS = 2
const RECORDS = 2

const shared = words({ published: 1, position: READERS, present: READERS, progress: 1, blocked: 1, asleep: 1 })
const local = words({ next: 1, seen: 1, slowest: 1, looking: 1 })

const writer = (fault: BackpressureFault | undefined, bounded: boolean): Process => ({
  name: 'writer',
  locals: local.length,
  start: 'append',
  steps: {
    append: (cpu) => {
      if (cpu.get(local.next) === RECORDS) return END
      cpu.set(local.slowest, cpu.get(local.next))
      return fault === 'late-progress-load' ? 'announce' : 'load progress'
    },
    'load progress': (cpu) => {
      cpu.set(local.seen, cpu.load(shared.progress))
      if (fault === 'late-progress-load') return 'futex wait'
      return fault === 'look-before-announcing' ? 'look' : 'announce'
    },
    announce: (cpu) => {
      if (fault === 'writer-without-fence') cpu.store(shared.blocked, 1)
      else cpu.exchange(shared.blocked, 1)
      return fault === 'look-before-announcing' ? 'futex wait' : 'look'
    },
    look: (cpu) => {
      const reader = cpu.get(local.looking)
      if (cpu.peek(shared.present + reader) === 1) {
        cpu.set(local.slowest, Math.min(cpu.get(local.slowest), cpu.load(shared.position + reader)))
      }
      if (reader + 1 < READERS) {
        cpu.set(local.looking, reader + 1)
        return 'look'
      }
      cpu.set(local.looking, 0)
      if (cpu.get(local.next) - cpu.get(local.slowest) < ROOM) return 'publish'
      if (fault === 'late-progress-load') return 'load progress'
      return fault === 'look-before-announcing' ? 'announce' : 'futex wait'
    },
    'futex wait': (cpu) => {
      if (cpu.peek(shared.progress) === cpu.get(local.seen)) cpu.poke(shared.asleep, 1)
      return 'asleep'
    },
    asleep: (cpu) => {
      if (cpu.peek(shared.asleep) === 1 && !bounded) return undefined
      cpu.poke(shared.asleep, 0)
      cpu.set(local.seen, 0)
      return 'append'
    },
    publish: (cpu) => {
      cpu.exchange(shared.blocked, 0)
      cpu.set(local.next, cpu.get(local.next) + 1)
      cpu.set(local.seen, 0)
      cpu.set(local.slowest, 0)
      cpu.store(shared.published, cpu.get(local.next))
      for (let i = 0; i < READERS; i++) {
        if (cpu.peek(shared.present + i) === 1 && cpu.get(local.next) - cpu.peek(shared.position + i) > ROOM)
          cpu.fail('more is published than there is room for')
      }
      return 'append'
    },
  },
})

const reader = (fault: BackpressureFault | undefined, index: number): Process => ({
  name: `reader ${index}`,
  locals: local.length,
  start: 'read',
  killable: index === 0,
  onKill: (cpu) => cpu.poke(shared.present + index, 0),
  steps: {
    read: (cpu) => {
      // Reader 0 may leave at any time; the other one reads everything.
      if (index === 0 && cpu.choose(2) === 1) return 'leave'
      if (cpu.get(local.next) === RECORDS) return END
      if (cpu.load(shared.published) === cpu.get(local.next)) return undefined
      cpu.set(local.next, cpu.get(local.next) + 1)
      return 'save'
    },
    save: (cpu) => {
      cpu.store(shared.position + index, cpu.get(local.next))
      return fault === 'reader-without-fence' ? 'writer blocked' : 'fence'
    },
    fence: (cpu) => {
      cpu.fence()
      return 'writer blocked'
    },
    'writer blocked': (cpu) => (cpu.load(shared.blocked) === 1 ? 'progress' : 'read'),
    progress: (cpu) => {
      cpu.add(shared.progress, 1)
      return 'wake'
    },
    wake: (cpu) => {
      cpu.poke(shared.asleep, 0)
      return cpu.peek(shared.present + index) === 1 ? 'read' : END
    },
    leave: (cpu) => {
      cpu.fence()
      cpu.poke(shared.present + index, 0)
      return fault === 'silent-leave' ? END : 'progress'
    },
  },
})

export function backpressure({ fault, kills = 0 }: BackpressureSetting = {}): Model {
  return {
    words: shared.length,
    initial: Object.fromEntries(Array.from({ length: READERS }, (_, i) => [shared.present + i, 1])),
    processes: [
      writer(fault, kills > 0 && fault !== 'unbounded-wait'),
      ...Array.from({ length: READERS }, (_, index) => reader(fault, index)),
    ],
    bufferLength: 1,
    kills,
    judge: (end) =>
      end.ended(0) ? undefined : `the writer waits forever with ${end.local(0, local.next)} of ${RECORDS} records published`,
  }
}
