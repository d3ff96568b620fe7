export type {
  DiscoveryEvent,
  DiscoveryProblem,
  Incarnation,
  StrategyAdded,
  StrategyLeft,
  StrategyRemoved,
  StrategyRestarted,
} from './discovery/discovery-event.js'
export {
  type DiscoveredStrategy,
  RouterDiscovery,
  type RouterDiscoveryMetrics,
  type RouterDiscoveryOptions,
} from './discovery/router-discovery.js'
export {
  type SubscriberConnected,
  type SubscriberDisconnected,
  SubscriberDiscovery,
  type SubscriberDiscoveryOptions,
  type SubscriberEvent,
  type SubscriberWaiting,
} from './discovery/subscriber-discovery.js'
export type { UnreadMessages } from './discovery/unread-messages.js'
export { openFeedReader, openFeedWriter } from './endpoints/feed-endpoints.js'
export type { MarksState } from './endpoints/queue-marks.js'
export { openRouterEndpoints, RouterEndpoints, type RouterEndpointsOptions } from './endpoints/router-endpoints.js'
export { openStrategyEndpoints, StrategyEndpoints, type StrategyEndpointsOptions } from './endpoints/strategy-endpoints.js'
export { BusLayout, type FeedPaths, isBusName, type StrategyPaths } from './layout/bus-layout.js'
export { formatLease, isSameOwner, type Lease, type LeaseReading, parseLease, readLease, writeLease } from './markers/lease.js'
export { judgeLiveness, LeaseWatch, type Liveness, type LivenessEvidence } from './markers/liveness.js'
export { type MarksLoss, MarksLostError } from './markers/marks-lost-error.js'
export { OwnerProbe, type OwnerStatus } from './markers/owner-probe.js'
export { ownIdentity, type ProcessIdentity } from './markers/process-identity.js'
export { isReady, removeReady, writeReady } from './markers/ready-marker.js'
export type { QueueWatchOptions } from './queue/queue-watch.js'
export { type AppearanceOptions, whenQueueAppears } from './queue/when-queue-appears.js'
export { type ReaderRecord, ReaderRegistration } from './registration/reader-registration.js'
