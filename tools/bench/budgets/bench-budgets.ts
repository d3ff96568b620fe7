import type { Bench } from '../bench.js'
import { compileFloor } from '../floor/compile-floor.js'
import { BUDGET_SECTIONS } from './budget-rows.js'
import { measureTable } from './measure-table.js'
import { PROBES } from './probes/index.js'

/** Everything that has a budget. */
export const benchBudgets: Bench = async (options, print) => {
  const { payloadLength, messages, secondsPerRound: seconds, latencySeconds, quick } = options
  const shared = { payloadLength, messages, seconds, latencySeconds, quick, floor: compileFloor() }
  return { messages, ...(await measureTable({ sections: BUDGET_SECTIONS, probes: PROBES }, options, { shared, print })) }
}
