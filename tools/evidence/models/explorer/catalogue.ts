import { backgroundWork } from './background-work.js'
import { backpressure } from './backpressure.js'
import { leaveSegment } from './leave-segment.js'
import type { Model } from './machine.js'
import { missingRecord } from './missing-record.js'
import { parkWake } from './park-wake.js'
import { retention } from './retention.js'
import { rollCrash } from './roll-crash.js'
import { waiterCost } from './waiter-cost.js'
import { writeBack } from './write-back.js'

/** One protocol as it is meant to be, or with one fault put in. */
export interface Entry {
  readonly protocol: string
  /** Which setting of the right protocol, or which fault. */
  readonly variant: string
  /** The fault's number in the list of lessons, where it has one. */
  readonly lesson?: string
  readonly model: Model
}

/** Protocols that must hold in every reachable state. */
export const sound: readonly Entry[] = [
  { protocol: 'leave-segment', variant: 'leaves at SEALED', model: leaveSegment() },
  { protocol: 'leave-segment', variant: 'leaves at a later head too', model: leaveSegment({ leaveAtLaterHead: true }) },
  { protocol: 'missing-record', variant: 'nothing is missing', model: missingRecord() },
  { protocol: 'park-wake', variant: 'two readers, one killed', model: parkWake() },
  { protocol: 'waiter-cost', variant: 'two readers, one killed', model: waiterCost() },
  { protocol: 'waiter-cost', variant: 'one reader, stopped for a while', model: waiterCost({ readers: 1, kills: 0 }) },
  { protocol: 'roll-crash', variant: 'two kills', model: rollCrash() },
  { protocol: 'roll-crash', variant: 'three kills', model: rollCrash({ kills: 3 }) },
  { protocol: 'retention', variant: 'announce, two kills', model: retention() },
  { protocol: 'retention', variant: 'lock, two kills', model: retention({ rule: 'lock' }) },
  { protocol: 'backpressure', variant: 'unbounded wait, no kill', model: backpressure() },
  { protocol: 'backpressure', variant: 'bounded wait, one killed', model: backpressure({ kills: 1 }) },
  { protocol: 'background-work', variant: 'the writer is terminated', model: backgroundWork() },
  { protocol: 'background-work', variant: 'and its lock file is replaced', model: backgroundWork({ replaced: true }) },
  { protocol: 'write-back', variant: 'two refusals, two kills', model: writeBack() },
]

/** Protocols with one fault each, which must be found. */
export const faulty: readonly Entry[] = [
  { protocol: 'leave-segment', variant: 'no-second-look', lesson: 'L2', model: leaveSegment({ fault: 'no-second-look' }) },
  {
    protocol: 'leave-segment',
    variant: 'second-look-too-early',
    lesson: 'L2',
    model: leaveSegment({ fault: 'second-look-too-early' }),
  },
  { protocol: 'leave-segment', variant: 'commit-before-payload', model: leaveSegment({ fault: 'commit-before-payload' }) },
  { protocol: 'leave-segment', variant: 'seal-before-successor', model: leaveSegment({ fault: 'seal-before-successor' }) },
  {
    protocol: 'leave-segment',
    variant: 'switch-before-commit',
    model: leaveSegment({ fault: 'switch-before-commit', leaveAtLaterHead: true }),
  },
  { protocol: 'missing-record', variant: 'unpaired', model: missingRecord({ fault: 'unpaired' }) },
  { protocol: 'missing-record', variant: 'no-second-look', model: missingRecord({ fault: 'no-second-look' }) },
  { protocol: 'missing-record', variant: 'offset-before-commit', model: missingRecord({ fault: 'offset-before-commit' }) },
  { protocol: 'park-wake', variant: 'commit-word-only', lesson: 'L1', model: parkWake({ fault: 'commit-word-only' }) },
  { protocol: 'park-wake', variant: 'late-notify-load', lesson: 'L1', model: parkWake({ fault: 'late-notify-load' }) },
  { protocol: 'park-wake', variant: 'writer-without-fence', model: parkWake({ fault: 'writer-without-fence' }) },
  { protocol: 'park-wake', variant: 'reader-without-fence', model: parkWake({ fault: 'reader-without-fence' }) },
  { protocol: 'park-wake', variant: 'one-bump', model: parkWake({ fault: 'one-bump' }) },
  { protocol: 'park-wake', variant: 'bump-before-clear', model: parkWake({ fault: 'bump-before-clear' }) },
  { protocol: 'park-wake', variant: 'reader-clears', model: parkWake({ fault: 'reader-clears' }) },
  { protocol: 'park-wake', variant: 'counter', lesson: 'L16', model: parkWake({ fault: 'counter' }) },
  {
    protocol: 'waiter-cost',
    variant: 'reset-if-unchanged',
    lesson: 'L16',
    model: waiterCost({ fault: 'reset-if-unchanged' }),
  },
  {
    protocol: 'waiter-cost',
    variant: 'reset-after-a-second',
    lesson: 'L16',
    model: waiterCost({ fault: 'reset-after-a-second' }),
  },
  { protocol: 'waiter-cost', variant: 'reset-bump-wake', lesson: 'L16', model: waiterCost({ fault: 'reset-bump-wake' }) },
  {
    protocol: 'waiter-cost',
    variant: 'reset-bump-wake, one stopped',
    lesson: 'L64',
    model: waiterCost({ fault: 'reset-bump-wake', readers: 1, kills: 0 }),
  },
  { protocol: 'waiter-cost', variant: 'subtract', lesson: 'L16', model: waiterCost({ fault: 'subtract' }) },
  { protocol: 'waiter-cost', variant: 'no-later-wake', lesson: 'L16', model: waiterCost({ fault: 'no-later-wake' }) },
  { protocol: 'roll-crash', variant: 'sequence-restarts', lesson: 'L4', model: rollCrash({ fault: 'sequence-restarts' }) },
  { protocol: 'roll-crash', variant: 'named-before-header', lesson: 'L6', model: rollCrash({ fault: 'named-before-header' }) },
  {
    protocol: 'roll-crash',
    variant: 'writer-waits-for-even',
    lesson: 'L14',
    model: rollCrash({ fault: 'writer-waits-for-even' }),
  },
  {
    protocol: 'roll-crash',
    variant: 'reader-waits-for-even',
    lesson: 'L14',
    model: rollCrash({ fault: 'reader-waits-for-even' }),
  },
  { protocol: 'roll-crash', variant: 'reuse-as-is', lesson: 'L23', model: rollCrash({ fault: 'reuse-as-is' }) },
  { protocol: 'roll-crash', variant: 'head-below-control', model: rollCrash({ fault: 'head-below-control' }) },
  { protocol: 'roll-crash', variant: 'predecessor-unsealed', lesson: 'L43', model: rollCrash({ fault: 'predecessor-unsealed' }) },
  { protocol: 'roll-crash', variant: 'seal-before-switch', model: rollCrash({ fault: 'seal-before-switch' }) },
  { protocol: 'roll-crash', variant: 'torn-tail-stays', model: rollCrash({ fault: 'torn-tail-stays' }) },
  { protocol: 'retention', variant: 'no-protection', lesson: 'L9', model: retention({ fault: 'no-protection' }) },
  { protocol: 'retention', variant: 'look-again', model: retention({ fault: 'look-again' }) },
  { protocol: 'retention', variant: 'late-announcement', model: retention({ fault: 'late-announcement' }) },
  { protocol: 'retention', variant: 'announcement-ignored', model: retention({ fault: 'announcement-ignored' }) },
  { protocol: 'retention', variant: 'unregistered-search', model: retention({ fault: 'unregistered-search' }) },
  { protocol: 'retention', variant: 'early-unlock', model: retention({ rule: 'lock', fault: 'early-unlock' }) },
  { protocol: 'retention', variant: 'early-look', model: retention({ rule: 'lock', fault: 'early-look' }) },
  { protocol: 'retention', variant: 'downwards', model: retention({ fault: 'downwards' }) },
  {
    protocol: 'retention',
    variant: 'bad-file-pins-nothing',
    lesson: 'L11',
    model: retention({ fault: 'bad-file-pins-nothing' }),
  },
  { protocol: 'backpressure', variant: 'look-before-announcing', model: backpressure({ fault: 'look-before-announcing' }) },
  { protocol: 'backpressure', variant: 'late-progress-load', model: backpressure({ fault: 'late-progress-load' }) },
  { protocol: 'backpressure', variant: 'reader-without-fence', model: backpressure({ fault: 'reader-without-fence' }) },
  { protocol: 'backpressure', variant: 'writer-without-fence', model: backpressure({ fault: 'writer-without-fence' }) },
  { protocol: 'backpressure', variant: 'silent-leave', model: backpressure({ fault: 'silent-leave' }) },
  { protocol: 'backpressure', variant: 'unbounded-wait', model: backpressure({ fault: 'unbounded-wait', kills: 1 }) },
  {
    protocol: 'background-work',
    variant: 'job-without-lock',
    lesson: 'L47',
    model: backgroundWork({ fault: 'job-without-lock' }),
  },
  {
    protocol: 'background-work',
    variant: 'let-go-too-early',
    lesson: 'L47',
    model: backgroundWork({ fault: 'let-go-too-early' }),
  },
  {
    protocol: 'background-work',
    variant: 'checked-once',
    lesson: 'L50',
    model: backgroundWork({ fault: 'checked-once', replaced: true }),
  },
  { protocol: 'write-back', variant: 'mark-without-sync', lesson: 'L46', model: writeBack({ fault: 'mark-without-sync' }) },
  { protocol: 'write-back', variant: 'forgotten', lesson: 'L48', model: writeBack({ fault: 'forgotten' }) },
  { protocol: 'write-back', variant: 'noted-afterwards', lesson: 'L48', model: writeBack({ fault: 'noted-afterwards' }) },
  { protocol: 'write-back', variant: 'not-dirtied', lesson: 'L48', model: writeBack({ fault: 'not-dirtied' }) },
]
