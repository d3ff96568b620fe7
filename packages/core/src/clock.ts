import { binding } from '@chronicle-ts/native'

/** CLOCK_REALTIME in nanoseconds since the Unix epoch: the clock that writers stamp messages and heartbeats with. */
export function realtimeNs(): bigint {
  return binding.realtimeNs()
}
