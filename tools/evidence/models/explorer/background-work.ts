import { END, type Model, type Process, words } from './machine.js'

/**
 * A writer whose background job publishes the next segment, that ends without waiting for it (its thread is terminated), and its successor. Each process that goes by the
 * lock also looks whether the lock file is still the one that is locked: another process may replace it.
 *
 * The lock is held by descriptors of one open file, and is free when the last is closed. Looking at the lock file and renaming are taken as one step: nothing can be put
 * between them but a few instructions, and no system call does both.
 */
export type BackgroundWorkFault =
  /** L47: the job has no part in the lock, which is free when the writer has ended. */
  | 'job-without-lock'
  /** L47: the job gives its part back before its last step. */
  | 'let-go-too-early'
  /** L50: the file that is locked is looked at when it is locked and never again. */
  | 'checked-once'

export interface BackgroundWorkSetting {
  readonly fault?: BackgroundWorkFault
  /** Whether another process replaces the lock file. */
  readonly replaced?: boolean
}

const ASKED = 1
/** What stands at the name of the next segment. */
const PREPARED = 1
const LIVE = 2

const shared = words({
  /** Descriptors of the lock that the writer took; its file is free when there are none. */
  descriptors: 1,
  /** Whether another file has the lock's name. */
  other: 1,
  job: 1,
  segment: 1,
})

const writer = (fault: BackgroundWorkFault | undefined): Process => ({
  name: 'writer',
  locals: 0,
  start: 'ask',
  steps: {
    ask: (cpu) => {
      if (fault !== 'job-without-lock') cpu.poke(shared.descriptors, cpu.peek(shared.descriptors) + 1)
      cpu.poke(shared.job, ASKED)
      return END
    },
  },
})

/** The end of the writer: the kernel closes its descriptors. It waits for no job. */
const termination: Process = {
  name: 'termination',
  locals: 0,
  start: 'terminate',
  steps: {
    terminate: (cpu) => {
      if (cpu.peek(shared.job) !== ASKED) return undefined
      cpu.poke(shared.descriptors, cpu.peek(shared.descriptors) - 1)
      return END
    },
  },
}

const job = (fault: BackgroundWorkFault | undefined): Process => ({
  name: 'job',
  locals: 0,
  start: 'wait',
  steps: {
    wait: (cpu) => {
      if (cpu.peek(shared.job) !== ASKED) return undefined
      return fault === 'let-go-too-early' ? 'let go' : 'publish'
    },
    'let go': (cpu) => {
      cpu.poke(shared.descriptors, cpu.peek(shared.descriptors) - 1)
      return 'publish'
    },
    publish: (cpu) => {
      const lost = cpu.peek(shared.other) === 1 && fault !== 'checked-once'
      if (!lost && cpu.peek(shared.segment) === LIVE) cpu.fail('the segment that the successor writes is replaced')
      if (!lost) cpu.poke(shared.segment, PREPARED)
      return fault === 'job-without-lock' || fault === 'let-go-too-early' ? END : 'done'
    },
    done: (cpu) => {
      cpu.poke(shared.descriptors, cpu.peek(shared.descriptors) - 1)
      return END
    },
  },
})

const successor: Process = {
  name: 'successor',
  locals: 0,
  start: 'lock',
  steps: {
    // A file that was put in the lock's place is not locked.
    lock: (cpu) => (cpu.peek(shared.descriptors) === 0 || cpu.peek(shared.other) === 1 ? 'roll' : undefined),
    roll: (cpu) => {
      cpu.poke(shared.segment, LIVE)
      return END
    },
  },
}

const vandal: Process = {
  name: 'vandal',
  locals: 0,
  start: 'replace',
  steps: {
    replace: (cpu) => {
      cpu.poke(shared.other, 1)
      return END
    },
  },
}

export function backgroundWork({ fault, replaced = false }: BackgroundWorkSetting = {}): Model {
  return {
    words: shared.length,
    initial: { [shared.descriptors]: 1 },
    processes: [writer(fault), termination, job(fault), successor, ...(replaced ? [vandal] : [])],
    bufferLength: 0,
    kills: 0,
    judge: (end) => {
      if (!end.ended(3)) return 'the lock is never free'
      return end.word(shared.segment) === LIVE ? undefined : 'the segment of the successor is gone'
    },
  }
}
