import { type Cpu, END, type Model, type Process, words } from './machine.js'

/**
 * A writer that makes messages durable on a disk that refuses some writes, is killed at any step, and is followed by the next. A sync that fails marks the page clean, and
 * the next one then has nothing to write and succeeds (PostgreSQL's fsync story of 2018).
 *
 * `writeBack` in the control block: 1 before a sync, 2 when it failed, 0 when its mark is stored. A writer that finds it not 0 makes the page dirty again first.
 */
export type WriteBackFault =
  /** L48: the failure is remembered by the process only. */
  | 'forgotten'
  /** L48: the word is stored when a sync has failed, and nothing before it. */
  | 'noted-afterwards'
  /** L48: the next sync does not write again what the kernel took for clean. */
  | 'not-dirtied'
  /** L46: the mark is stored although the sync was never begun. */
  | 'mark-without-sync'

export interface WriteBackSetting {
  readonly fault?: WriteBackFault
  readonly kills?: number
}

const GOOD = 0
const UNDER_WAY = 1
const FAILED = 2
const MESSAGES = 2
const REFUSALS = 2

const shared = words({
  /** Messages in memory, and whether the page waits to be written. */
  page: 1,
  dirty: 1,
  disk: 1,
  refusals: 1,
  writeBack: 1,
  mark: 1,
})
const local = words({ refused: 1 })

/** The kernel writes the page, or refuses to; either way it is clean. */
function sync(cpu: Cpu): boolean {
  if (cpu.peek(shared.dirty) === 0) return true
  const refuses = cpu.peek(shared.refusals) < REFUSALS && cpu.choose(2) === 1
  cpu.poke(shared.dirty, 0)
  if (refuses) cpu.poke(shared.refusals, cpu.peek(shared.refusals) + 1)
  else cpu.poke(shared.disk, cpu.peek(shared.page))
  return !refuses
}

const writer = (fault: WriteBackFault | undefined): Process => ({
  name: 'writer',
  locals: local.length,
  start: 'append',
  killable: true,
  restart: 'append',
  steps: {
    append: (cpu) => {
      if (cpu.peek(shared.mark) === MESSAGES) return END
      if (cpu.peek(shared.page) < MESSAGES) {
        cpu.poke(shared.page, cpu.peek(shared.page) + 1)
        cpu.poke(shared.dirty, 1)
      }
      return 'look'
    },
    look: (cpu) => {
      const doubtful = cpu.load(shared.writeBack) !== GOOD || cpu.get(local.refused) === 1
      if (doubtful && fault !== 'not-dirtied') cpu.poke(shared.dirty, 1)
      return fault === 'noted-afterwards' || fault === 'forgotten' ? 'sync' : 'note'
    },
    note: (cpu) => {
      if (cpu.load(shared.writeBack) === GOOD) cpu.store(shared.writeBack, UNDER_WAY)
      return fault === 'mark-without-sync' ? 'mark' : 'sync'
    },
    sync: (cpu) => {
      const written = sync(cpu)
      cpu.set(local.refused, written ? 0 : 1)
      if (written) return 'mark'
      return fault === 'forgotten' ? 'append' : 'remember'
    },
    remember: (cpu) => {
      cpu.store(shared.writeBack, FAILED)
      return 'append'
    },
    mark: (cpu) => {
      const messages = cpu.peek(shared.page)
      if (cpu.peek(shared.disk) < messages)
        cpu.fail(`the mark names ${messages} messages and the disk has ${cpu.peek(shared.disk)}`)
      cpu.poke(shared.mark, messages)
      return 'clear'
    },
    clear: (cpu) => {
      cpu.store(shared.writeBack, GOOD)
      return 'append'
    },
  },
})

export function writeBack({ fault, kills = 2 }: WriteBackSetting = {}): Model {
  return {
    words: shared.length,
    processes: [writer(fault)],
    bufferLength: 1,
    kills,
    judge: (end) => (end.word(shared.mark) === MESSAGES ? undefined : 'what is on the disk is never marked'),
  }
}
