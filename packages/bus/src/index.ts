export type {
  DiscoveryEvent,
  DiscoveryProblem,
  Incarnation,
  StrategyAdded,
  StrategyRemoved,
  StrategyRestarted,
} from './discovery/discovery-event.js'
export {
  type DiscoveredStrategy,
  RouterDiscovery,
  type RouterDiscoveryMetrics,
  type RouterDiscoveryOptions,
} from './discovery/router-discovery.js'
export { BusLayout, type FeedPaths, isBusName, type StrategyPaths } from './layout/bus-layout.js'
export { formatLease, isSameOwner, type Lease, type LeaseReading, parseLease, readLease, writeLease } from './markers/lease.js'
export { judgeLiveness, LeaseWatch, type Liveness, type LivenessEvidence } from './markers/liveness.js'
export { ownIdentity, type ProcessIdentity } from './markers/process-identity.js'
export { isReady, removeReady, writeReady } from './markers/ready-marker.js'
