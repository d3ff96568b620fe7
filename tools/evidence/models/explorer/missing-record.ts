import { type Cpu, END, type Model, type Process, words } from './machine.js'

/**
 * Distinguishing a record that is not there yet from one that is gone.
 *
 * A reader at a commit word of 0 in the head asks the control block whether the writer has gone on after it. Head segment and write offset are one pair of the seqlock. If it
 * has, the reader looks at the commit word once more; if that is still 0, the record was destroyed, and the reader
 * says so instead of waiting forever. Nothing is destroyed in this model: every such verdict is a false alarm.
 */
export type MissingRecordFault =
  /** Head and offset are loaded without looking at the generation: in the middle of a roll the new head stands beside the old offset. */
  | 'unpaired'
  /** The verdict rests on the commit word that was loaded before the offset. */
  | 'no-second-look'
  /** The writer moves the offset on before it stores the commit word. */
  | 'offset-before-commit'

export interface MissingRecordSetting {
  readonly fault?: MissingRecordFault
}

const SLOTS = 2
const RECORDS = 4

const shared = words({ commit: SLOTS * (RECORDS + 1), sealed: RECORDS + 1, generation: 1, head: 1, offset: 1 })
const local = words({ segment: 1, slot: 1, next: 1, generation: 1, offset: 1, head: 1 })
const slotOf = (cpu: Cpu) => cpu.get(local.segment) * SLOTS + cpu.get(local.slot)
const moveOn = (cpu: Cpu) => {
  cpu.set(local.segment, cpu.get(local.segment) + 1)
  cpu.set(local.slot, 0)
}

const writer = (fault: MissingRecordFault | undefined): Process => ({
  name: 'writer',
  locals: local.length,
  start: 'append',
  steps: {
    append: (cpu) => {
      if (cpu.get(local.next) === RECORDS) return END
      if (cpu.get(local.slot) === SLOTS || (cpu.get(local.slot) > 0 && cpu.choose(2) === 1)) return 'odd'
      return fault === 'offset-before-commit' ? 'offset' : 'commit'
    },
    commit: (cpu) => {
      cpu.store(shared.commit + slotOf(cpu), 1)
      return fault === 'offset-before-commit' ? 'appended' : 'offset'
    },
    offset: (cpu) => {
      cpu.store(shared.offset, cpu.get(local.slot) + 1)
      return fault === 'offset-before-commit' ? 'commit' : 'appended'
    },
    appended: (cpu) => {
      cpu.set(local.next, cpu.get(local.next) + 1)
      cpu.set(local.slot, cpu.get(local.slot) + 1)
      return 'append'
    },
    odd: (cpu) => {
      cpu.store(shared.generation, cpu.load(shared.generation) + 1)
      return 'head'
    },
    head: (cpu) => {
      cpu.store(shared.head, cpu.get(local.segment) + 1)
      return 'offset of new head'
    },
    'offset of new head': (cpu) => {
      cpu.store(shared.offset, 0)
      return 'even'
    },
    even: (cpu) => {
      cpu.store(shared.generation, cpu.load(shared.generation) + 1)
      return 'seal'
    },
    seal: (cpu) => {
      cpu.store(shared.sealed + cpu.get(local.segment), 1)
      moveOn(cpu)
      return 'append'
    },
  },
})

const forget = (cpu: Cpu) => {
  for (const word of [local.generation, local.offset, local.head]) cpu.set(word, 0)
}

const reader = (fault: MissingRecordFault | undefined): Process => ({
  name: 'reader',
  locals: local.length,
  start: 'look',
  steps: {
    look: (cpu) => {
      forget(cpu)
      if (cpu.get(local.next) === RECORDS) return END
      if (cpu.get(local.slot) === SLOTS) return 'leave'
      if (cpu.load(shared.commit + slotOf(cpu)) === 0) return 'load generation'
      cpu.set(local.next, cpu.get(local.next) + 1)
      cpu.set(local.slot, cpu.get(local.slot) + 1)
      return 'look'
    },
    'load generation': (cpu) => {
      cpu.set(local.generation, cpu.load(shared.generation))
      return 'load offset'
    },
    'load offset': (cpu) => {
      cpu.set(local.offset, cpu.load(shared.offset))
      return 'load head'
    },
    'load head': (cpu) => {
      cpu.set(local.head, cpu.load(shared.head))
      const saysSo = cpu.get(local.head) === cpu.get(local.segment) && cpu.get(local.offset) > cpu.get(local.slot)
      if (!saysSo) return 'leave'
      return fault === 'unpaired' ? 'second look' : 'load generation again'
    },
    'load generation again': (cpu) => {
      const isPair = cpu.get(local.generation) % 2 === 0 && cpu.load(shared.generation) === cpu.get(local.generation)
      return isPair ? 'second look' : 'leave'
    },
    'second look': (cpu) => {
      if (fault === 'no-second-look' || cpu.load(shared.commit + slotOf(cpu)) === 0)
        cpu.fail('a record is taken for gone that is not')
      return 'look'
    },
    // Nothing here: waits until a record, a seal or a later head shows up, then looks once more, and leaves.
    leave: (cpu) => {
      const segment = cpu.get(local.segment)
      const committed = cpu.get(local.slot) < SLOTS && cpu.load(shared.commit + slotOf(cpu)) === 1
      const isLeft = cpu.load(shared.sealed + segment) === 1 || cpu.load(shared.head) > segment
      if (isLeft) return 'last look'
      return committed ? 'look' : undefined
    },
    'last look': (cpu) => {
      forget(cpu)
      if (cpu.get(local.slot) < SLOTS && cpu.load(shared.commit + slotOf(cpu)) === 1) return 'look'
      moveOn(cpu)
      return 'look'
    },
  },
})

export function missingRecord({ fault }: MissingRecordSetting = {}): Model {
  return {
    words: shared.length,
    processes: [writer(fault), reader(fault)],
    bufferLength: 2,
    kills: 0,
    judge: (end) =>
      end.ended(1) ? undefined : `the reader waits forever after ${end.local(1, local.next)} of ${RECORDS} records`,
  }
}
