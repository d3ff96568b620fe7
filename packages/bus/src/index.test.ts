import { expect, it } from 'vitest'
import * as bus from './index.js'

it('exports these names and no others', () => {
  expect(Object.keys(bus).sort()).toEqual([
    'BusLayout',
    'LeaseWatch',
    'MarksLostError',
    'OwnerProbe',
    'ReaderRegistration',
    'RouterDiscovery',
    'RouterEndpoints',
    'StrategyEndpoints',
    'SubscriberDiscovery',
    'formatLease',
    'isBusName',
    'isReady',
    'isSameOwner',
    'judgeLiveness',
    'openFeedReader',
    'openFeedWriter',
    'openRouterEndpoints',
    'openStrategyEndpoints',
    'ownIdentity',
    'parseLease',
    'readLease',
    'removeReady',
    'whenQueueAppears',
    'writeLease',
    'writeReady',
  ])
})
