import { type Cpu, END, type Model, type Process, words } from './machine.js'

/**
 * Publish, consume, roll, and how a reader leaves a segment.
 *
 * The writer stores the payload, then the commit word. When the next record does not fit it publishes the next segment, names it in the
 * control block, and seals the old one. The reader leaves a segment only after it saw SEALED (or a later head) **and then** looked at the
 * commit word again.
 */
export type LeaveSegmentFault =
  /** L2: leaves as soon as SEALED is seen. */
  | 'no-second-look'
  /** Looks twice, but both times before it loads SEALED. */
  | 'second-look-too-early'
  /** Stores the commit word before the payload. */
  | 'commit-before-payload'
  /** Seals the old segment before the next one is published. */
  | 'seal-before-successor'
  /** Names the next segment before the last commit word of the old one. */
  | 'switch-before-commit'

export interface LeaveSegmentSetting {
  readonly fault?: LeaveSegmentFault
  /** Leaves also when the control block names a later segment, not only at SEALED. */
  readonly leaveAtLaterHead?: boolean
}

const SLOTS = 2
const RECORDS = 4

const shared = words({
  commit: SLOTS * (RECORDS + 1),
  payload: SLOTS * (RECORDS + 1),
  exists: RECORDS + 1,
  sealed: RECORDS + 1,
  head: 1,
})
const local = words({ segment: 1, slot: 1, next: 1 })
const slotOf = (cpu: Cpu) => cpu.get(local.segment) * SLOTS + cpu.get(local.slot)
const moveOn = (cpu: Cpu) => {
  cpu.set(local.segment, cpu.get(local.segment) + 1)
  cpu.set(local.slot, 0)
}

const writer = (fault: LeaveSegmentFault | undefined): Process => ({
  name: 'writer',
  locals: local.length,
  start: 'append',
  steps: {
    append: (cpu: Cpu) => {
      if (cpu.get(local.next) === RECORDS) return END
      if (cpu.get(local.slot) === SLOTS) return 'roll'
      // A record that is too long for what is left rolls early, and an empty slot stays.
      if (cpu.get(local.slot) > 0 && cpu.choose(2) === 1) return 'roll'
      return fault === 'commit-before-payload' ? 'commit' : 'payload'
    },
    payload: (cpu: Cpu) => {
      cpu.store(shared.payload + slotOf(cpu), cpu.get(local.next) + 1)
      return fault === 'commit-before-payload' ? 'appended' : 'commit'
    },
    commit: (cpu: Cpu) => {
      cpu.store(shared.commit + slotOf(cpu), 1)
      return fault === 'commit-before-payload' ? 'payload' : 'appended'
    },
    appended: (cpu: Cpu) => {
      cpu.set(local.next, cpu.get(local.next) + 1)
      cpu.set(local.slot, cpu.get(local.slot) + 1)
      return 'append'
    },
    roll: (cpu: Cpu) => {
      if (fault === 'seal-before-successor') {
        cpu.store(shared.sealed + cpu.get(local.segment), 1)
        return 'publish'
      }
      return 'publish'
    },
    publish: (cpu: Cpu) => {
      cpu.fence()
      cpu.poke(shared.exists + cpu.get(local.segment) + 1, 1)
      return 'switch'
    },
    switch: (cpu: Cpu) => {
      cpu.store(shared.head, cpu.get(local.segment) + 1)
      return fault === 'switch-before-commit' && cpu.get(local.slot) < SLOTS && cpu.get(local.next) < RECORDS
        ? 'late payload'
        : 'seal'
    },
    'late payload': (cpu: Cpu) => {
      cpu.store(shared.payload + slotOf(cpu), cpu.get(local.next) + 1)
      return 'late commit'
    },
    'late commit': (cpu: Cpu) => {
      cpu.store(shared.commit + slotOf(cpu), 1)
      cpu.set(local.next, cpu.get(local.next) + 1)
      return 'seal'
    },
    seal: (cpu: Cpu) => {
      cpu.store(shared.sealed + cpu.get(local.segment), 1)
      moveOn(cpu)
      return 'append'
    },
  },
})

const mayLeave = (cpu: Cpu, leaveAtLaterHead: boolean) =>
  cpu.load(shared.sealed + cpu.get(local.segment)) === 1 || (leaveAtLaterHead && cpu.load(shared.head) > cpu.get(local.segment))
const leave = (cpu: Cpu) => {
  moveOn(cpu)
  if (cpu.peek(shared.exists + cpu.get(local.segment)) === 0) cpu.fail('the reader left for a segment that does not exist')
  return 'look'
}

const reader = (fault: LeaveSegmentFault | undefined, leaveAtLaterHead: boolean): Process => ({
  name: 'reader',
  locals: local.length,
  start: 'look',
  steps: {
    look: (cpu: Cpu) => {
      if (cpu.get(local.next) === RECORDS) return END
      if (cpu.get(local.slot) === SLOTS) return 'may leave'
      if (cpu.load(shared.commit + slotOf(cpu)) === 1) return 'consume'
      return fault === 'second-look-too-early' ? 'early second look' : 'may leave'
    },
    consume: (cpu: Cpu) => {
      const found = cpu.load(shared.payload + slotOf(cpu))
      if (found !== cpu.get(local.next) + 1) cpu.fail(`the reader expected record ${cpu.get(local.next)} and found ${found - 1}`)
      cpu.set(local.next, cpu.get(local.next) + 1)
      cpu.set(local.slot, cpu.get(local.slot) + 1)
      return 'look'
    },
    'early second look': (cpu: Cpu) => (cpu.load(shared.commit + slotOf(cpu)) === 1 ? 'consume' : 'may leave'),
    // Nothing here yet: a spin without effect, modelled as standing still until something it looks at has changed.
    'may leave': (cpu: Cpu) => {
      if (mayLeave(cpu, leaveAtLaterHead)) {
        const secondLook = cpu.get(local.slot) < SLOTS && fault !== 'no-second-look' && fault !== 'second-look-too-early'
        return secondLook ? 'second look' : leave(cpu)
      }
      const committed = cpu.get(local.slot) < SLOTS && cpu.load(shared.commit + slotOf(cpu)) === 1
      return committed ? 'look' : undefined
    },
    'second look': (cpu: Cpu) => (cpu.load(shared.commit + slotOf(cpu)) === 1 ? 'consume' : leave(cpu)),
  },
})

export function leaveSegment({ fault, leaveAtLaterHead = false }: LeaveSegmentSetting = {}): Model {
  return {
    words: shared.length,
    initial: { [shared.exists]: 1 },
    processes: [writer(fault), reader(fault, leaveAtLaterHead)],
    bufferLength: 2,
    kills: 0,
    judge: (end) =>
      end.ended(1) ? undefined : `the reader waits forever after ${end.local(1, local.next)} of ${RECORDS} records`,
  }
}
