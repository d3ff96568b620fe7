import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { resolveReaderOptions } from '../packages/core/src/reader/reader-options.js'
import { resolveWriterOptions } from '../packages/core/src/writer/writer-options.js'
import { resolveFanInOptions } from '../packages/fanin/src/fan-in-options.js'

/** Compares docs/options.md with the types, name by name, and with what the code resolves to when no option is given. */
const root = fileURLToPath(new URL('..', import.meta.url))
const page = readFileSync(join(root, 'docs/options.md'), 'utf8')

const HOMES: Readonly<Record<string, string>> = {
  WriterOptions: 'core/src/writer/writer-options.ts',
  FlushPolicy: 'core/src/writer/writer-options.ts',
  RetentionOptions: 'core/src/retention/retention-options.ts',
  SourceOptions: 'core/src/reader/reader-options.ts',
  ReaderOptions: 'core/src/reader/reader-options.ts',
  MessageDetails: 'core/src/writer/append-options.ts',
  CommitOptions: 'core/src/writer/append-options.ts',
  AsyncAppendOptions: 'core/src/writer/append-options.ts',
  WaitOptions: 'core/src/reader/source-types.ts',
  WaitForAnyOptions: 'core/src/wait/wait-for-any.ts',
  IteratorOptions: 'core/src/reader/source-types.ts',
  CommittingIteratorOptions: 'core/src/reader/queue-reader.ts',
  FollowOptions: 'core/src/reader/follow.ts',
  BatchOptions: 'core/src/reader/source-types.ts',
  RunOptions: 'core/src/reader/run-handler.ts',
  StreamOptions: 'core/src/reader/streams.ts',
  AsyncOpenOptions: 'core/src/reader/when-queue-is-there.ts',
  FanInOptions: 'fanin/src/fan-in-options.ts',
  FanInSourceOptions: 'fanin/src/fan-in-options.ts',
  StrategyEndpointsOptions: 'bus/src/endpoints/strategy-endpoints.ts',
  RouterEndpointsOptions: 'bus/src/endpoints/router-endpoints.ts',
  RouterDiscoveryOptions: 'bus/src/discovery/router-discovery.ts',
  QueueWatchOptions: 'bus/src/queue/queue-watch.ts',
  SubscriberDiscoveryOptions: 'bus/src/discovery/subscriber-discovery.ts',
  InspectOptions: 'inspect/src/cold/inspect-queue.ts',
  StateOptions: 'inspect/src/state/state-of-queue.ts',
  ColdReaderOptions: 'inspect/src/cold/open-cold-reader.ts',
  VerifyOptions: 'inspect/src/cold/queue-verification.ts',
  RepairOptions: 'inspect/src/repair/repair-queue.ts',
  PlanOptions: 'inspect/src/repair/plan-repairs.ts',
  BackupOptions: 'inspect/src/backup/queue-backup.ts',
  FindQueuesOptions: 'inspect/src/cold/find-queues.ts',
  FindTraceOptions: 'inspect/src/trace/find-trace.ts',
  Selection: 'typed/src/reader/selection.ts',
  SubscribeOptions: 'topics/src/subscribe-options.ts',
  PublisherOptions: 'topics/src/topic-publisher.ts',
  ReplayOptions: 'replay/src/replay-options.ts',
  ProcessorOptions: 'replay/src/processor-options.ts',
  EmitOptions: 'replay/src/processor.ts',
  ScenarioOptions: 'testing/src/scenario.ts',
  TracedReaderOptions: 'telemetry/src/trace-api.ts',
  NatsOptions: 'bridge/src/nats/nats-options.ts',
  PersistentOptions: 'bridge/src/nats/nats-options.ts',
  StreamNames: 'bridge/src/nats/frame-stream.ts',
  PusherOptions: 'bridge/src/nats/pusher.ts',
  StreamSettings: 'bridge/src/nats/frame-stream.ts',
  PullerOptions: 'bridge/src/nats/puller.ts',
  ReplicaSinkOptions: 'bridge/src/replica/replica-sink.ts',
  ReplicaSourceOptions: 'bridge/src/source/replica-source.ts',
  PushToStreamOptions: 'bridge/src/pipe/pipe-transfer.ts',
  SbeOptions: 'schema/src/sbe/from-sbe.ts',
}

/** They have no fields of their own, or are described with another group. */
const WITHOUT_SECTION: Readonly<Record<string, string>> = {
  AppendOptions: 'MessageDetails',
  ObserverOptions: 'SourceOptions',
  AsyncWaitOptions: 'WaitOptions',
  AsyncWaitForAnyOptions: 'WaitForAnyOptions',
  AppearanceOptions: 'QueueWatchOptions',
  MemoryQueueOptions: 'ScenarioOptions',
  TypedMemoryQueueOptions: 'ScenarioOptions',
  NatsServerOptions: 'the README of testing',
  ResolvedSubscribeOptions: 'SubscribeOptions',
  ResolvedFanInOptions: 'FanInOptions',
  InternalPlanOptions: 'PlanOptions',
}

const RESOLVED: Readonly<Record<string, object>> = {
  WriterOptions: resolveWriterOptions({}),
  SourceOptions: resolveReaderOptions({}),
  ReaderOptions: resolveReaderOptions({}),
  FanInOptions: resolveFanInOptions({}),
}

/** Name and default of each row below a heading. */
function rowsOf(section: string): Map<string, string> {
  const text = page.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = [...text.matchAll(/^\| (\w+) \| ([^|]*) \|/gm)].filter(([, name]) => name !== 'option')
  return new Map(rows.map(([, name = '', value = '']) => [name, value.trim()]))
}

/** The fields that an interface declares itself. */
function fieldsOf(name: string): string[] {
  const source = readFileSync(join(root, 'packages', HOMES[name] ?? ''), 'utf8')
  const body = source.match(new RegExp(`export interface ${name}[^{]*\\{\\n([\\s\\S]*?)\\n\\}`))?.[1] ?? ''
  // Those that a comment calls internal are not for users.
  const shown = body.replace(/^ {2}\/\*\* @internal[^\n]*\n {2}readonly [^\n]*$/gm, '')
  return [...shown.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field)
}

it('has a section for every interface of options that a package exports', () => {
  const named = readdirSync(join(root, 'docs/api'))
    .filter((file) => !file.startsWith('native'))
    .flatMap((file) => [...readFileSync(join(root, 'docs/api', file), 'utf8').matchAll(/export interface (\w+Options)\b/g)])
    .map(([, name = '']) => name)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => !(name in HOMES) && !(name in WITHOUT_SECTION))).toEqual([])
})

it.each(Object.keys(HOMES))('names every option of %s, and no other', (section) => {
  const fields = fieldsOf(section)
  expect(fields.length).toBeGreaterThan(0)
  expect([...rowsOf(section).keys()].sort()).toEqual(fields.sort())
})

it.each(Object.entries(RESOLVED))('says the defaults of %s', (section, resolved) => {
  for (const [name, said] of rowsOf(section)) {
    const value = (resolved as Record<string, unknown>)[name]
    if (said === 'none') expect(value, name).toBeUndefined()
    else expect(typeof value === 'bigint' ? `${value}n` : String(value), name).toBe(said)
  }
})
