/** One end of a bridge in a process of its own, so that it can be killed: says `ready`, then works until it is ended. On the build. */
import { connectNats, FrameStream, Puller, Pusher, promote, ReplicaSink, ReplicaSource, rejoin } from '@chronicle-ts/bridge'
import { openReader } from '@chronicle-ts/core'

const { action, url, queue, queueId, name, sinks, frameBytes, segmentSize } = JSON.parse(process.argv[2] ?? '')
const connection = await connectNats({ servers: url })
const { signal } = new AbortController()
process.stdout.write('ready\n')
if (action === 'promote') await promote(queue, connection, { name })
if (action === 'rejoin') await rejoin(queue, connection)
if (action === 'push') {
  const source = new ReplicaSource(openReader(queue, name), { frameBytes })
  await new Pusher(source, await FrameStream.of(connection, source.queueId), { holdUntil: 'sink', sinks }).run(signal)
}
if (action === 'pull') {
  const stream = await FrameStream.of(connection, queueId)
  await stream.ensure()
  const sink = new ReplicaSink(queue, { queueId, writer: { segmentSize, prefault: false, heartbeatIntervalMs: 0 } })
  await new Puller(sink, stream, { name }).run(signal)
}
await connection.close()
