import { expect, it } from 'vitest'
import * as inspect from './index.js'

it('exports exactly the public surface', () => {
  expect(Object.keys(inspect).sort()).toEqual([
    'ColdReader',
    'PROBLEMS',
    'QueueVerification',
    'describeRepairStep',
    'findQueues',
    'inspectLock',
    'inspectQueue',
    'isQueueListing',
    'isRepairable',
    'listQueue',
    'openColdReader',
    'planPrune',
    'planRepairs',
    'pruneQueue',
    'repairQueue',
    'verifyQueue',
  ])
})
