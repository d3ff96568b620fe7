import { expect, it } from 'vitest'
import * as inspect from './index.js'

it('exports exactly the public surface', () => {
  expect(Object.keys(inspect).sort()).toEqual([
    'ACKNOWLEDGED_FILE',
    'ColdReader',
    'HISTORY_MS',
    'PROBLEMS',
    'QueueVerification',
    'RATE_WINDOW_MS',
    'STATES',
    'StateHistory',
    'THRESHOLDS_FILE',
    'describeRepairStep',
    'findQueues',
    'inspectLock',
    'inspectQueue',
    'inspectState',
    'isQueueListing',
    'isRepairable',
    'listQueue',
    'markAcknowledged',
    'openColdReader',
    'parseThresholds',
    'planPrune',
    'planRepairs',
    'pruneQueue',
    'readAcknowledged',
    'readThresholds',
    'repairQueue',
    'stateLabel',
    'stateOfQueue',
    'verifyQueue',
  ])
})
