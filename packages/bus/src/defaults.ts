/** Every default of this package, with its unit and the reason for it. */

/** Longest time that a missed file system event can cost a discovery. Half a second is short for a restart and long for a timer. */
export const RESCAN_INTERVAL_MS = 500

/** Strategies looked at between two turns of the event loop, so that a rescan of a thousand never holds a router up for longer than a millisecond or two. */
export const LOOKS_PER_TURN = 64

/**
 * How often a strategy that is not announced is asked for unread messages. Nothing announces what a strategy appends without READY, and it is rare; two small files per strategy and
 * look cost next to nothing at this pace.
 */
export const UNREAD_LOOK_MS = 2_000

/** Pause before a watch that the system refused is asked for again: limits are raised by people, and other processes give watches back. */
export const WATCH_RETRY_MS = 5_000

/** How often a strategy renews its lease. One small file per second and strategy is nothing, and three lost renewals fit into the time below. */
export const LEASE_RENEWAL_MS = 1_000

/** How long a lease may stay unchanged before its owner counts as gone, where nothing better than the lease is known. */
export const LEASE_EXPIRY_MS = 5_000

/** Reader name under which a router reads `orders_out`. */
export const ROUTER_READER_NAME = 'router'

/** Reader name under which a strategy reads `orders_in`. */
export const STRATEGY_READER_NAME = 'strategy'
