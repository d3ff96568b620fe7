import { runFloor } from '../../floor/compile-floor.js'
import { type HalfTrips, measureRoundTrips } from '../../ping-pong/round-trips.js'
import type { Figures, Probe, ProbeContext } from '../probe.js'

/** Optimised code is what counts: the engine takes some ten thousand turns to get there. */
const WARM_UP_COUNT = 50_000
const COUNT = 200_000

/** What the C program does, one step of the work added at a time. The last but one is what ours is compared with. */
const STEPS = { word: 'floorWord', copy: 'floorCopy', clock: 'floorClock', crc: 'floor', control: 'floorControl' } as const

/** Half of a round trip between two processes that spin, ours between two runs of the C program: both see the same machine. */
export const roundTrips: Probe = {
  name: 'round trips between two spinning processes',
  measure: async (context) => {
    const { directory, payloadLength, quick } = context
    const counts = { warmUpCount: WARM_UP_COUNT, count: quick ? 2000 : COUNT }
    const figures: Figures[] = []
    for (const [step, key] of Object.entries(STEPS)) {
      figures.push({ [`${key}HalfTripNs`]: measureFloor(context, step, counts).p50Ns })
    }
    const byNext = await measureRoundTrips({ directory, payloadLength, way: 'next', ...counts })
    const byWait = await measureRoundTrips({ directory, payloadLength, way: 'wait', ...counts })
    const floor = measureFloor(context, 'crc', counts)
    return Object.assign({}, ...figures, {
      floorHalfTripNs: floor.p50Ns,
      ...ours('next', byNext, floor),
      ...ours('wait', byWait, floor),
    })
  },
}

function measureFloor(
  { floor, directory, payloadLength }: ProbeContext,
  step: string,
  { warmUpCount, count }: { readonly warmUpCount: number; readonly count: number },
): HalfTrips {
  return runFloor(floor.pingPongProgram, directory, payloadLength, warmUpCount, count, step)
}

function ours(way: string, { p50Ns, p99Ns, meanNs }: HalfTrips, floor: HalfTrips): Figures {
  return {
    [`${way}HalfTripNs`]: p50Ns,
    [`${way}HalfTripPerFloor`]: p50Ns / floor.p50Ns,
    [`${way}HalfTripP99PerP50`]: p99Ns / p50Ns,
    [`${way}HalfTripMeanPerP50`]: meanNs / p50Ns,
  }
}
