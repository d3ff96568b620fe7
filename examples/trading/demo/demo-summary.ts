import type { BusLayout } from '@chronicle-ts/bus'
import { LatencyHistogram, type LatencySummary } from '../latency/latency-histogram.js'
import type { StrategyState } from '../process/program-state.js'
import { auditFeed, auditStrategy, type FeedAudit, type QueueAudit, type StrategyAudit } from './audit.js'
import { type Demo, type DemoRun, type StrategyRole, sum } from './demo.js'
import { proveReplay, type ReplayProof } from './replay-proof.js'

/** What one process did in this run. */
export interface ProcessSummary {
  readonly name: string
  /** Feeds: frames appended. Strategies: frames read, each counted once. Router: orders read. */
  readonly messages: number
  readonly messagesPerS: number
  readonly orders?: number
  readonly acks?: number
  readonly fills?: number
  /** Messages that came again after a restart and were recognised. */
  readonly repeats?: number
  readonly gaps: number
}

/** A way of messages through the system, and how long they took. */
export interface LatencyPath extends LatencySummary {
  readonly path: string
}

/** Everything that a demo has to say at its end. */
export interface DemoSummary extends DemoRun {
  readonly root: string
  readonly processes: readonly ProcessSummary[]
  readonly latencies: readonly LatencyPath[]
  readonly feeds: readonly FeedAudit[]
  readonly strategies: readonly StrategyAudit[]
  /**
   * Messages missing anywhere: found by their readers, by reading all queues through afterwards, and by comparing these with what the feeds and strategies say that they
   * appended.
   */
  readonly sequenceGaps: number
  readonly unansweredOrders: number
  /** Answers that no order waited for, orders with a wrong id, decisions that made two orders, malformed messages, feeds whose frames are not those that were appended. */
  readonly inconsistencies: number
  /** What replays of the recorded feeds made, for each strategy. */
  readonly replays: readonly ReplayProof[]
  /** Orders that a replay makes otherwise, or that only the strategy or only the replay has. */
  readonly replayDifferences: number
  /** What a user should know. */
  readonly notes: readonly string[]
}

/** Whether nothing is missing, nothing is there twice, and a replay makes the same orders. */
export function isSound({ sequenceGaps, unansweredOrders, inconsistencies, replayDifferences }: DemoSummary): boolean {
  return sequenceGaps + unansweredOrders + inconsistencies + replayDifferences === 0
}

/** What the strategies' queues hold, by name. */
export type StrategyAudits = ReadonlyMap<string, StrategyAudit>

/** Reads the queues of all strategies through. */
export function auditStrategies(layout: BusLayout, names: readonly string[]): StrategyAudits {
  return new Map(names.map((name) => [name, auditStrategy(layout, name)]))
}

/**
 * Puts together what the processes reported, checks it against what the queues hold, and replays what the strategies traded on.
 *
 * @param played `before`: what the strategies' queues held when the demo began
 */
export async function summarise(
  demo: Demo,
  played: { readonly run: DemoRun; readonly layout: BusLayout; readonly before: StrategyAudits },
): Promise<DemoSummary> {
  const { run, layout, before } = played
  const { feeds, strategies, venues } = demo
  const after = auditStrategies(
    layout,
    strategies.map(({ name }) => name),
  )
  const feedAudits = venues.map((venue, index) => auditFeed(layout, venue, feeds[index]?.state?.appended))
  const strategyAudits = [...after.values()]
  const queues = [...feedAudits, ...strategyAudits.flatMap(({ orders, answers }) => [orders, answers])]
  const rows = [
    ...feeds.map(({ name, state }) => ({ name, messages: state?.appended.count ?? 0, gaps: 0 })),
    ...strategies.map((role) => summariseStrategy(role, before.get(role.name), after.get(role.name))),
    summariseRouter(demo),
  ]
  const replays: ReplayProof[] = []
  for (const { name, span } of strategies) replays.push(await proveReplay(layout, { name, span, venues }))
  return {
    ...run,
    root: layout.root,
    processes: rows.map((row) => ({ ...row, messagesPerS: (row.messages * 1000) / run.playedMs })),
    latencies: summariseLatencies(demo),
    feeds: feedAudits,
    strategies: strategyAudits,
    sequenceGaps: sum([...queues, ...rows], ({ gaps }) => gaps) + sum(strategies, (role) => lostOrders(role, after)),
    unansweredOrders: sum(strategyAudits, ({ unanswered }) => unanswered),
    inconsistencies: sum(strategyAudits, inconsistenciesOf) + feedAudits.filter(({ differs }) => differs).length,
    replays,
    replayDifferences: sum(replays, ({ differences }) => differences),
    notes: collectNotes(demo, queues),
  }
}

/** Orders after the last one that is there, by what the strategy says. */
function lostOrders({ name, lives }: StrategyRole, audits: StrategyAudits): number {
  return Math.max(0, (lives.at(-1)?.state?.orders ?? 0) - (audits.get(name)?.lastOrderId ?? 0))
}

function inconsistenciesOf({ strayAnswers, badOrderIds, malformed, duplicateDecisions }: StrategyAudit): number {
  return strayAnswers + badOrderIds + malformed + duplicateDecisions
}

type Row = Omit<ProcessSummary, 'messagesPerS'>

function summariseStrategy({ name, lives }: StrategyRole, before?: StrategyAudit, after?: StrategyAudit): Row {
  const begin = lives.at(0)?.firstReport?.state.positions ?? {}
  const end = lives.at(-1)?.state?.positions ?? {}
  return {
    name,
    // Each message once, however often it was read: the distance between two positions.
    messages: sum(Object.entries(end), ([venue, position]) => position - (begin[venue] ?? 0)),
    orders: (after?.orders.messages ?? 0) - (before?.orders.messages ?? 0),
    acks: (after?.acks ?? 0) - (before?.acks ?? 0),
    fills: (after?.fills ?? 0) - (before?.fills ?? 0),
    repeats: sum(lives, ({ state }) => state?.repeats),
    gaps: sum(lives, ({ state }) => state?.gaps),
  }
}

function summariseRouter({ router: { name, state } }: Demo): Row {
  const { orders = 0, acks = 0, fills = 0, repeats = 0, gaps = 0 } = state ?? {}
  return { name, messages: orders, orders, acks, fills, repeats, gaps }
}

function summariseLatencies({ strategies, router }: Demo): LatencyPath[] {
  const lives = strategies.flatMap((role) => role.lives)
  const ofLives = (part: keyof StrategyState['latencies']) => merged(lives.map(({ state }) => state?.latencies[part]))
  return [
    { path: 'feed append -> strategy', ...ofLives('feed') },
    { path: 'feed schedule -> strategy', ...ofLives('schedule') },
    { path: 'frames that waited for a start', ...ofLives('backlog') },
    { path: 'order append -> router', ...merged([router.state?.latencies.order]) },
    { path: 'order append -> answer read', ...ofLives('roundTrip') },
  ]
}

function merged(parts: readonly (string | undefined)[]): LatencySummary {
  const total = new LatencyHistogram()
  for (const part of parts) if (part !== undefined) total.add(part)
  return total.summary()
}

function collectNotes({ feeds, strategies, programs }: Demo, queues: readonly QueueAudit[]): string[] {
  const skipped = (kind: 'other' | 'malformed' | 'oversize') => sum(feeds, ({ state }) => state?.skippedLines[kind])
  return [
    `Input lines left out: ${skipped('other')} that are not frames (connections, requests, blank), ${skipped('malformed')} malformed, ${skipped('oversize')} too long.`,
    ...strategies.map(
      ({ name, lives }) => `${name} was shown ${lives.at(-1)?.state?.notUnderstood ?? 0} frames that it does not understand.`,
    ),
    ...feeds.flatMap(({ state }) => state?.warnings ?? []),
    ...programs.filter(({ stderr }) => stderr !== '').map(({ name, stderr }) => `${name} said: ${stderr}`),
    ...queues.flatMap(({ directory, problem }) => (problem === undefined ? [] : [`${directory}: ${problem}`])),
  ]
}
