import { expect, it } from 'vitest'
import * as surface from './index.js'

it('exports what it promises and nothing else', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'ColdFile',
    'ColdReader',
    'PROBLEMS',
    'QueueVerification',
    'findQueues',
    'inspectLock',
    'inspectQueue',
    'isQueueListing',
    'listQueue',
    'openColdReader',
    'verifyQueue',
  ])
})
