/**
 * CLOCK_REALTIME in nanoseconds: the clock that stamps messages. It is the same one in every process of this machine, so that a time taken here can be compared with one taken
 * there. (`Date.now()` has milliseconds, and every process has its own origin of `performance.now()`.)
 */
export { realtimeNs as nowNs } from '@chronicle-ts/core'
