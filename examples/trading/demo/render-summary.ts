import { join } from 'node:path'
import type { DemoSummary } from './demo-summary.js'
import { formatCount, formatDuration, formatTable } from './text.js'

/** The summary for people: plain lines. */
export function renderSummary(summary: DemoSummary): string[] {
  const { kill, playedMs } = summary
  return [
    `Played for ${formatDuration(playedMs * 1e6)}; ${kill.strategy} was killed with SIGKILL at ${Math.floor(kill.fraction * 100)} % and was away for ${formatDuration(kill.deadMs * 1e6)}.`,
    '',
    ...renderProcesses(summary),
    '',
    ...renderLatencies(summary),
    '',
    ...renderChecks(summary),
    '',
    ...summary.notes,
    '',
    ...renderDirectories(summary),
  ]
}

function renderProcesses({ processes }: DemoSummary): string[] {
  const titles = ['process', 'messages', 'messages/s', 'orders', 'acks', 'fills', 'repeats', 'gaps']
  const rows = processes.map(({ name, messages, messagesPerS, orders, acks, fills, repeats, gaps }) => [
    name,
    ...[messages, messagesPerS, orders, acks, fills, repeats, gaps].map((count) =>
      count === undefined ? '-' : formatCount(count),
    ),
  ])
  return formatTable(titles, rows)
}

function renderLatencies({ latencies }: DemoSummary): string[] {
  const rows = latencies.map(({ path, count, p50Ns, p99Ns, p999Ns, maxNs }) => [
    path,
    formatCount(count),
    ...[p50Ns, p99Ns, p999Ns, maxNs].map((ns) => (count === 0 ? '-' : formatDuration(ns))),
  ])
  return formatTable(['latency', 'samples', 'p50', 'p99', 'p99.9', 'max'], rows)
}

function renderChecks(summary: DemoSummary): string[] {
  const { sequenceGaps, unansweredOrders, inconsistencies, replayDifferences, replays } = summary
  const check = (title: string, count: number) =>
    `${title.padEnd(50)}${formatCount(count).padStart(6)}  ${count === 0 ? 'ok' : 'NOT OK'}`
  return [
    check('sequence gaps', sequenceGaps),
    check('orders without an answer', unansweredOrders),
    check('messages changed, twice, or out of nowhere', inconsistencies),
    check('orders that a replay of the feeds makes otherwise', replayDifferences),
    '',
    ...replays.map(
      ({ strategy, replayed, digest }) =>
        `The feeds, replayed, made ${formatCount(replayed)} orders of ${strategy}: sha256 ${digest.slice(0, 16)}`,
    ),
  ]
}

function renderDirectories({ root, feeds, strategies }: DemoSummary): string[] {
  const orders = strategies[0]?.orders.directory ?? root
  const frames = feeds[0]?.directory ?? root
  return [
    `The queues are in ${root}`,
    ...[...feeds, ...strategies.flatMap(({ orders, answers }) => [orders, answers])].map(
      ({ directory, messages }) => `  ${directory.slice(root.length + 1)}  (${formatCount(messages)} messages)`,
    ),
    '',
    'Look at them:',
    `  npx chron-cli inspect ${quote(orders)}`,
    `  npx chron-cli tail ${quote(frames)} -n 3 --json`,
    `  npx chron-cli tail ${quote(join(orders, '..', 'orders_in'))} -n 3 --where 'kind == "take"'`,
    `  npx chron-cli schema show ${quote(orders)} NewOrder`,
  ]
}

/** For a shell, where that is needed. */
function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
