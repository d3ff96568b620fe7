import { join } from 'node:path'
import type { DemoSummary, ProcessSummary } from './demo-summary.js'
import { formatCount, formatDuration } from './format-number.js'
import { formatTable } from './text-table.js'

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
  const right = ['messages', 'messages/s', 'orders', 'acks', 'fills', 'repeats', 'gaps'].map(
    (title) => ({ title, align: 'right' }) as const,
  )
  const cell = (count: number | undefined) => (count === undefined ? '-' : formatCount(count))
  const row = (p: ProcessSummary) => [
    p.name,
    ...[p.messages, p.messagesPerS, p.orders, p.acks, p.fills, p.repeats, p.gaps].map(cell),
  ]
  return formatTable([{ title: 'process', align: 'left' }, ...right], processes.map(row))
}

function renderLatencies({ latencies }: DemoSummary): string[] {
  const right = ['samples', 'p50', 'p99', 'p99.9', 'max'].map((title) => ({ title, align: 'right' }) as const)
  const rows = latencies.map(({ path, count, ...times }) => [
    path,
    formatCount(count),
    ...[times.p50Ns, times.p99Ns, times.p999Ns, times.maxNs].map((ns) => (count === 0 ? '-' : formatDuration(ns))),
  ])
  return formatTable([{ title: 'latency', align: 'left' }, ...right], rows)
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
