import type { Lease } from '../markers/lease.js'
import type { UnreadMessages } from './unread-messages.js'

/** The process that runs a strategy, as far as its files say. */
export interface Incarnation {
  /** The epoch of its `orders_out`: +1 at every open for writing. `undefined` when the queue is not there or cannot be read. */
  readonly epoch: number | undefined
  /** `undefined` when its LEASE is missing, empty (the Rust implementation) or no lease. */
  readonly lease: Lease | undefined
}

/**
 * A strategy announced itself. When it is gone again by the time of the next look, `removed` follows at once: it came, may have written orders, and left.
 */
export interface StrategyAdded {
  readonly kind: 'added'
  readonly strategy: string
  readonly incarnation: Incarnation
}

/** A strategy took its announcement back, or its directory is gone. What it wrote before is still in its queue, if that is still there. */
export interface StrategyRemoved {
  readonly kind: 'removed'
  readonly strategy: string
  readonly reason: 'ready-gone' | 'directory-gone'
}

/** A strategy that was announced at each look is another one now. Its queue goes on, with the same sequences. */
export interface StrategyRestarted {
  readonly kind: 'restarted'
  readonly strategy: string
  readonly incarnation: Incarnation
  /** What gave it away. */
  readonly changed: readonly ('ready' | 'epoch' | 'lease')[]
}

/**
 * A strategy that is not announced left messages that the router has not read: it went while no router served it, or was killed before it announced itself. Attach, read
 * to the end, detach.
 */
export interface StrategyLeft {
  readonly kind: 'left'
  readonly strategy: string
  readonly unread: UnreadMessages
}

/** One step from what a router knew to what is. */
export type DiscoveryEvent = StrategyAdded | StrategyRemoved | StrategyRestarted | StrategyLeft

/** Something went wrong at one place. Everything else goes on, and the place is looked at again at every rescan. */
export interface DiscoveryProblem {
  /** `undefined` when it is not about one strategy. */
  readonly strategy: string | undefined
  readonly path: string
  readonly error: Error
}
