import { runFloor } from '../../floor/compile-floor.js'
import type { Probe } from '../probe.js'

const EMPTY_CALLS = 10_000_000
const RECORDS = 10_000_000

/** What an append is made of, without any code of this library. */
export const floorSteps: Probe = {
  name: 'floors: an empty call, C loops',
  measure: ({ floor, payloadLength, quick }) => {
    const share = quick ? 0.01 : 1
    const { doNothing } = floor
    const calls = EMPTY_CALLS * share
    // The first calls are compiled on the way.
    for (let index = 0; index < 100_000; index++) doNothing()
    const beginNs = process.hrtime.bigint()
    for (let index = 0; index < calls; index++) doNothing()
    const emptyCallNs = Number(process.hrtime.bigint() - beginNs) / calls
    const steps = runFloor<{ copyNs: number; clockNs: number; crcNs: number; notifyNs: number }>(
      floor.program,
      'steps',
      payloadLength,
      RECORDS * share,
    )
    return { emptyCallNs, ...steps }
  },
}
