import { expect, it } from 'vitest'
import * as testing from './index.js'

it('exports exactly the public surface', () => {
  expect(Object.keys(testing).sort()).toEqual([
    'ManualClock',
    'MemoryBus',
    'MemoryQueue',
    'NatsServer',
    'TypedMemoryQueue',
    'findNatsServer',
    'memoryBus',
    'memoryQueue',
    'scenario',
  ])
})
