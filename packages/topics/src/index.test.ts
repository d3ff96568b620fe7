import { expect, it } from 'vitest'
import * as topics from './index.js'

it('exports exactly these values', () => {
  expect(Object.keys(topics).sort()).toEqual([
    'Subscription',
    'TopicBus',
    'TopicPublisher',
    'defineTopics',
    'feed',
    'openBus',
    'ordersIn',
    'ordersOut',
    'queue',
  ])
})
