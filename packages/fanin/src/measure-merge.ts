import { LOWEST_HALF, toNs } from '@chronicle-ts/core/internal'
import type { FanInSource, TimedMessage } from './fan-in-source.js'
import type { Merge } from './merge.js'
import type { FanInMetrics, FanInSourceMetrics, SourceLagMetrics, SourceState } from './merge-metrics.js'
import { FAILED, HELD, PROMISED, RESTING, type SourceTable } from './source-table.js'

const UNKNOWN_LAG: SourceLagMetrics = { messages: Number.NaN, bytes: Number.NaN, ns: -1n }

const STATE_NAMES: Readonly<Record<number, SourceState>> = {
  [HELD]: 'message',
  [PROMISED]: 'silent',
  [RESTING]: 'resting',
  [FAILED]: 'failed',
}

/** Everything that a merge counted, with the lag of every source at this moment: one look per source. */
export function measureMerge<M extends TimedMessage, S extends FanInSource<M>>(merge: Merge<M, S>): FanInMetrics {
  const { table, removedCounts } = merge
  const sources = table.sortedSlots().map((slot) => measureSource(table, slot))
  const total = (name: 'delivered' | 'late' | 'displaced' | 'ahead' | 'released' | 'errors'): number =>
    sources.reduce((sum, source) => sum + source[name], removedCounts[name])
  const first = table.tournament.winner
  const takesPart = table.size > 0 && (table.state(first) === HELD || table.state(first) === PROMISED)
  return {
    sourceCount: table.size,
    failedCount: sources.filter(({ state }) => state === 'failed').length,
    delivered: total('delivered'),
    late: total('late'),
    displaced: total('displaced'),
    ahead: total('ahead'),
    released: total('released'),
    errors: total('errors'),
    lag: sumLags(sources.map(({ lag }) => lag)),
    watermarkNs: takesPart ? watermark(table, first) : undefined,
    heldBackBy: merge.heldBackBy(),
    sources,
  }
}

function measureSource<M extends TimedMessage, S extends FanInSource<M>>(
  table: SourceTable<M, S>,
  slot: number,
): FanInSourceMetrics {
  const { key, delivered, late, displaced, ahead, released, errors, failure, source } = table.entry(slot)
  return {
    key,
    state: STATE_NAMES[table.state(slot)] ?? 'resting',
    delivered,
    late,
    displaced,
    ahead,
    released,
    errors,
    error: failure?.error,
    watermarkNs: watermark(table, slot),
    lag: failure === undefined ? lagOf(source) : UNKNOWN_LAG,
  }
}

/** A source that fails here fails again when it is read: that is where it is dealt with. */
function lagOf<M extends TimedMessage>(source: FanInSource<M>): SourceLagMetrics {
  try {
    const { messages, bytes, ns } = source.lag()
    return { messages, bytes, ns }
  } catch {
    return UNKNOWN_LAG
  }
}

function watermark<M extends TimedMessage, S extends FanInSource<M>>(table: SourceTable<M, S>, slot: number): bigint | undefined {
  const state = table.state(slot)
  const takesPart = state === HELD || state === PROMISED
  const high = takesPart ? table.tournament.high(slot) : table.floorHigh(slot)
  const low = takesPart ? table.tournament.low(slot) : table.floorLow(slot)
  return high === LOWEST_HALF && low === LOWEST_HALF ? undefined : toNs(high, low)
}

function sumLags(lags: readonly SourceLagMetrics[]): SourceLagMetrics {
  let [messages, bytes, ns] = [0, 0, 0n]
  for (const lag of lags) {
    if (!Number.isNaN(lag.messages)) messages += lag.messages
    if (!Number.isNaN(lag.bytes)) bytes += lag.bytes
    if (lag.ns > ns) ns = lag.ns
  }
  return { messages, bytes, ns }
}
