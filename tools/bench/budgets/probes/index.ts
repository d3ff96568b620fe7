import type { Probe } from '../probe.js'
import { codecs } from './codecs.js'
import { discovery } from './discovery.js'
import { fanIn } from './fan-in.js'
import { floorSteps } from './floor-steps.js'
import { heap } from './heap.js'
import { histories } from './histories.js'
import { hotFunctions } from './hot-functions.js'
import { idleMemory } from './idle-memory.js'
import { oneWay } from './one-way.js'
import { opening } from './open.js'
import { retained } from './retained.js'
import { rolls } from './rolls.js'
import { roundTrips } from './round-trips.js'
import { sustained } from './sustained.js'
import { typed } from './typed.js'

/** In the order of the table; `--only` chooses by the beginning of the key. */
export const PROBES: Readonly<Record<string, Probe>> = {
  hot: hotFunctions,
  floor: floorSteps,
  fanin: fanIn,
  discovery,
  history: histories,
  codecs,
  typed,
  sustained,
  retained,
  rolls,
  open: opening,
  latency: oneWay,
  roundtrip: roundTrips,
  memory: idleMemory,
  heap,
}
