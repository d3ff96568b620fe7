import type { BusLayout } from '@chronicle-ts/bus'
import { LatencyHistogram, type LatencySummary } from '../latency/latency-histogram.js'
import type { Positions, StrategyState } from '../process/program-state.js'
import { auditFeed, auditStrategy, type FeedAudit, type QueueAudit, type StrategyAudit } from './audit.js'
import type { Cast, StrategyRole } from './cast.js'
import type { DemoRun, PlannedKill } from './demo-director.js'
import { proveReplay, type ReplayProof } from './replay-proof.js'

/** What one process did in this run. */
export interface ProcessSummary {
  readonly name: string
  /** Feeds: frames appended. Strategies: frames read, each counted once. Router: orders read. */
  readonly messages: number
  readonly messagesPerS: number
  readonly orders: number | undefined
  readonly acks: number | undefined
  readonly fills: number | undefined
  /** Messages that came again after a restart and were recognised. */
  readonly repeats: number | undefined
  readonly gaps: number
}

/** A way of messages through the system, and how long they took. */
export interface LatencyPath extends LatencySummary {
  readonly path: string
}

/** Everything that a demo has to say at its end. */
export interface DemoSummary {
  readonly root: string
  readonly playedMs: number
  readonly kill: PlannedKill
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
 * @param before what the strategies' queues held when the demo began
 */
export async function summarise(cast: Cast, run: DemoRun, layout: BusLayout, before: StrategyAudits): Promise<DemoSummary> {
  const names = cast.strategies.map(({ name }) => name)
  const after = auditStrategies(layout, names)
  const feeds = cast.venues.map((venue, index) => auditFeed(layout, venue, cast.feeds[index]?.state?.appended))
  const strategies = [...after.values()]
  const queues = [...feeds, ...strategies.flatMap(({ orders, answers }) => [orders, answers])]
  const rows = [
    ...summariseFeeds(cast),
    ...cast.strategies.map((role) => summariseStrategy(role, before.get(role.name), after.get(role.name))),
    summariseRouter(cast),
  ]
  const replays: ReplayProof[] = []
  for (const { name, span } of cast.strategies) replays.push(await proveReplay(layout, { name, span, venues: cast.venues }))
  return {
    root: layout.root,
    playedMs: run.playedMs,
    kill: run.kill,
    processes: rows.map((row) => ({ ...row, messagesPerS: (row.messages * 1000) / run.playedMs })),
    latencies: summariseLatencies(cast),
    feeds,
    strategies,
    sequenceGaps:
      sum(queues, ({ gaps }) => gaps) + sum(rows, ({ gaps }) => gaps) + sum(cast.strategies, (role) => lostOrders(role, after)),
    unansweredOrders: sum(strategies, ({ unanswered }) => unanswered),
    inconsistencies: sum(strategies, inconsistenciesOf) + feeds.filter(({ differs }) => differs).length,
    replays,
    replayDifferences: sum(replays, ({ differences }) => differences),
    notes: collectNotes(cast, queues),
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

function summariseFeeds(cast: Cast): Row[] {
  return cast.feeds.map(({ name, state }) => ({
    name,
    messages: state?.messages ?? 0,
    orders: undefined,
    acks: undefined,
    fills: undefined,
    repeats: undefined,
    gaps: 0,
  }))
}

function summariseStrategy(
  { name, lives }: StrategyRole,
  before: StrategyAudit | undefined,
  after: StrategyAudit | undefined,
): Row {
  return {
    name,
    messages: messagesRead(lives.at(0)?.firstReport?.state.positions ?? {}, lives.at(-1)?.state?.positions ?? {}),
    orders: (after?.orders.messages ?? 0) - (before?.orders.messages ?? 0),
    acks: (after?.acks ?? 0) - (before?.acks ?? 0),
    fills: (after?.fills ?? 0) - (before?.fills ?? 0),
    repeats: sum(lives, ({ state }) => state?.repeats ?? 0),
    gaps: sum(lives, ({ state }) => state?.gaps ?? 0),
  }
}

function summariseRouter({ router: { state } }: Cast): Row {
  return {
    name: 'router',
    messages: state?.orders ?? 0,
    orders: state?.orders ?? 0,
    acks: state?.acks ?? 0,
    fills: state?.fills ?? 0,
    repeats: state?.repeats ?? 0,
    gaps: state?.gaps ?? 0,
  }
}

/** Each message once, however often it was read: the distance between two positions. */
function messagesRead(from: Positions, to: Positions): number {
  return sum(Object.entries(to), ([venue, position]) => position - (from[venue] ?? 0))
}

function summariseLatencies({ strategies, router }: Cast): LatencyPath[] {
  const lives = strategies.flatMap((role) => role.lives)
  const ofLives = (part: keyof StrategyState['latencies']) => lives.map(({ state }) => state?.latencies[part])
  return [
    { path: 'feed append -> strategy', ...merged(ofLives('feed')) },
    { path: 'feed schedule -> strategy', ...merged(ofLives('schedule')) },
    { path: 'frames that waited for a start', ...merged(ofLives('backlog')) },
    { path: 'order append -> router', ...merged([router.state?.latencies.order]) },
    { path: 'order append -> answer read', ...merged(ofLives('roundTrip')) },
  ]
}

function merged(parts: readonly (string | undefined)[]): LatencySummary {
  const total = new LatencyHistogram()
  for (const part of parts) if (part !== undefined) total.add(part)
  return total.summary()
}

function collectNotes({ feeds, router, strategies }: Cast, queues: readonly QueueAudit[]): string[] {
  const programs = [...feeds, router, ...strategies.flatMap(({ lives }) => lives)]
  const skipped = { other: 0, malformed: 0, oversize: 0 }
  for (const { state } of feeds) {
    skipped.other += state?.skippedLines.other ?? 0
    skipped.malformed += state?.skippedLines.malformed ?? 0
    skipped.oversize += state?.skippedLines.oversize ?? 0
  }
  return [
    `Input lines left out: ${skipped.other} that are not frames (connections, requests, blank), ${skipped.malformed} malformed, ${skipped.oversize} too long.`,
    ...strategies.map(
      ({ name, lives }) => `${name} was shown ${lives.at(-1)?.state?.notUnderstood ?? 0} frames that it does not understand.`,
    ),
    ...feeds.flatMap(({ state }) => state?.warnings ?? []),
    ...programs.filter(({ stderr }) => stderr !== '').map(({ name, stderr }) => `${name} said: ${stderr}`),
    ...queues.flatMap(({ directory, problem }) => (problem === undefined ? [] : [`${directory}: ${problem}`])),
  ]
}

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0)
}
