import type { Bench } from '../bench.js'
import type { BudgetSection } from '../budgets/budget-rows.js'
import { measureTable } from '../budgets/measure-table.js'
import { bundle } from './bundle.js'
import { firstPaint } from './first-paint.js'
import { newestMessages } from './newest-messages.js'
import { search } from './search.js'
import { watching } from './watching.js'

/** Bars of the dashboard. */
const SECTIONS: readonly BudgetSection[] = [
  {
    title: 'the dashboard',
    rows: [
      { name: 'CPU of a core, 200 queues at 1/s, one browser', key: 'watchingPercent', unit: '%', must: 5, aim: 2 },
      { name: 'the same when no browser watches', key: 'unwatchedPercent', unit: '%', must: 0.5, aim: 0.1 },
      { name: 'first paint, 200 queues', key: 'firstPaintMs', unit: 'ms', must: 500, aim: 200 },
      { name: 'until the table of 200 queues stands', key: 'tableMs', unit: 'ms' },
      { name: 'page, script and style, gzipped', key: 'bundleKb', unit: 'kB', must: 60, aim: 40 },
      { name: 'newest 100 messages of 10 GiB, first request', key: 'newestFirstMs', unit: 'ms', must: 50, aim: 20 },
      { name: 'newest 100 messages of 10 GiB, later requests', key: 'newestMs', unit: 'ms', must: 50, aim: 20 },
      { name: 'search, per message (2,000 ns are 500,000/s)', key: 'searchNs', unit: 'ns', must: 2000, aim: 1000 },
    ],
  },
]

const PROBES = { watching, paint: firstPaint, bundle, newest: newestMessages, search }

/** The dashboard, with its own program and a real browser. */
export const benchDashboard: Bench = async (options, print) => {
  const { payloadLength, quick } = options
  return await measureTable({ sections: SECTIONS, probes: PROBES }, options, { shared: { payloadLength, quick }, print })
}
