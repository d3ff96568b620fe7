import { parseArgs } from 'node:util'
import { connectNats, FrameStream, Puller, Pusher, ReplicaSink, ReplicaSource } from '@chronicle-ts/bridge'
import { BusLayout, whenQueueAppears } from '@chronicle-ts/bus'
import { openReader } from '@chronicle-ts/core'
import { ExpectedError } from '../trading/process/expected-error.js'
import { ParentLink } from '../trading/process/parent-link.js'
import { runProgram } from '../trading/process/run-program.js'
import { queuesOfVenue } from './host.js'

const USAGE =
  'Usage: bridge push --root DIR --venue NAME --server URL | bridge pull --root DIR --venue NAME --server URL --sink NAME --queue-id ID...'
/** That of the feed's queues is not known here; any size that holds the largest frame will do. */
const REPLICA_SEGMENT_SIZE = 16 * 1024 * 1024

/** What one end of a bridge between hosts says about itself. */
export interface BridgeState {
  /** Records that this process passed on. */
  readonly records: number
  /** Sessions that the server or the network ended. */
  readonly failures: number
}

type Connection = Awaited<ReturnType<typeof connectNats>>
type End = Pick<Pusher | Puller, 'progress'>

/** One end of the bridge between hosts: pushes the queues of a venue, or pulls replicas of them. It keeps nothing but what queues and streams hold. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      root: { type: 'string' },
      venue: { type: 'string' },
      server: { type: 'string' },
      sink: { type: 'string', default: 'sink' },
      'queue-id': { type: 'string', multiple: true, default: [] },
    },
  })
  const { root, venue, server, sink } = values
  const [action] = positionals
  if (root === undefined || venue === undefined || server === undefined) throw new ExpectedError(USAGE)
  const queues = queuesOfVenue(new BusLayout(root), venue)
  const queueIds = values['queue-id']
  if (action !== 'push' && (action !== 'pull' || queueIds.length !== queues.length)) throw new ExpectedError(USAGE)

  const ends: End[] = []
  const link = new ParentLink<BridgeState>(() => stateOf(ends))
  const connection = await connectNats({ servers: server })
  try {
    link.ready()
    await link.started
    const context = { connection, ends, signal: link.stopSignal }
    await Promise.all(
      queues.map((directory, index) =>
        action === 'push' ? push(directory, context) : pull(directory, { queueId: queueIds[index] ?? '', sink }, context),
      ),
    )
  } finally {
    await connection.close()
  }
  await link.done()
}

interface Context {
  readonly connection: Connection
  readonly ends: End[]
  readonly signal: AbortSignal
}

async function push(directory: string, { connection, ends, signal }: Context): Promise<void> {
  try {
    await whenQueueAppears(directory, { signal })
  } catch (error) {
    if (signal.aborted) return
    throw error
  }
  using reader = openReader(directory, 'bridge')
  const source = new ReplicaSource(reader)
  const pusher = new Pusher(source, await FrameStream.of(connection, source.queueId))
  ends.push(pusher)
  await pusher.run(signal)
}

async function pull(
  directory: string,
  { queueId, sink: name }: { readonly queueId: string; readonly sink: string },
  { connection, ends, signal }: Context,
): Promise<void> {
  using sink = new ReplicaSink(directory, { queueId, writer: { segmentSize: REPLICA_SEGMENT_SIZE } })
  const puller = new Puller(sink, await FrameStream.of(connection, queueId), { name })
  ends.push(puller)
  await puller.run(signal)
}

function stateOf(ends: readonly End[]): BridgeState {
  const state = { records: 0, failures: 0 }
  for (const { progress } of ends) {
    state.records += progress.records
    state.failures += progress.failures
  }
  return state
}

await runProgram(main)
