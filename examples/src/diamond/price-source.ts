import { openWriter } from '@chronicle-ts/core'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { encodeNumber, PRICE_TYPE } from './number-message.js'

const FIRST_TIMESTAMP_NS = 1_600_000_000_000_000_000n
const NS_PER_MS = 1_000_000n

/** A: a walk of prices, the same in every run, stamped a millisecond apart as if it had been recorded. */
await runRole(async ([directory = '', count]) => {
  using output = openWriter(directory, { segmentSize: 64 * 1024 })
  let price = 1000
  let state = 42
  for (let index = 0; index < Number(count); index++) {
    // A linear congruential generator (Numerical Recipes): random enough, and the same everywhere.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    price += state / 2 ** 32 - 0.5
    output.append(PRICE_TYPE, encodeNumber(price), { timestampNs: FIRST_TIMESTAMP_NS + BigInt(index) * NS_PER_MS })
  }
  await report('done')
})
