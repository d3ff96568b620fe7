import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  bridgeStatus,
  connectNats,
  FrameStream,
  Puller,
  Pusher,
  ReplicaSink,
  ReplicaSource,
  readIdentity,
} from '../../src/index.js'
import { until, WRITER } from '../support/ends.js'
import { NatsCluster, NO_CLUSTER } from '../support/nats-cluster.js'
import { appendSome, temporaryDirectory, told } from '../support/queues.js'

describe.skipIf(NO_CLUSTER !== undefined)(`three servers ${NO_CLUSTER ?? ''}`, () => {
  it('carry a queue through the death of the leader, and of a second server, while records flow', async () => {
    const cluster = await NatsCluster.start()
    const folder = temporaryDirectory()
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    const writer = openWriter(source, WRITER)
    onTestFinished(() => writer.close())
    const flow = setInterval(() => appendSome(writer, 10), 2)
    onTestFinished(() => clearInterval(flow))
    const connection = await connectNats(cluster.connection)
    onTestFinished(() => connection.close())
    const stream = await FrameStream.of(connection, readIdentity(source)?.queueId ?? '')
    using reader = openReader(source, 'bridge')
    using sink = new ReplicaSink(replica, { writer: WRITER })
    const ending = new AbortController()
    const pusher = new Pusher(new ReplicaSource(reader), stream, { replicas: 3, holdUntil: 'sink', sinks: ['b'] })
    const running = Promise.all([pusher.run(ending.signal), new Puller(sink, stream, { name: 'b' }).run(ending.signal)])
    running.catch(() => undefined)
    /** Every record that is in the source now, and some more. */
    const arrives = async (): Promise<void> => {
      const wanted = writer.nextSequence + 50
      await Promise.race([until(() => (sink.nextSequence ?? 0) >= wanted), running])
    }
    await arrives()
    const { config, cluster: group } = await stream.manager.streams.info(stream.name)
    expect([config.num_replicas, group?.replicas?.length]).toEqual([3, 2])
    const leader = cluster.get(group?.leader)
    await leader.kill()
    await arrives()
    // The two that are left have chosen another one, which goes, too: one server accepts nothing.
    const second = cluster.get((await stream.manager.streams.info(stream.name)).cluster?.leader)
    expect(second).not.toBe(leader)
    await second.kill()
    const before = writer.nextSequence
    await until(() => writer.nextSequence > before + 500)
    await second.start()
    await arrives()
    // Its disk is gone, too: the others fill it again.
    leader.deleteStore()
    await leader.start()
    await arrives()
    clearInterval(flow)
    const end = writer.nextSequence
    await until(() => sink.nextSequence === end)
    // A cluster whose servers have just come back may not answer at once.
    const status = async () => bridgeStatus(source, connection).catch(() => undefined)
    await until(async () => (await status())?.sinks[0]?.durableSequence === end)
    ending.abort()
    await running
    expect(told(replica)).toEqual(told(source))
    expect(told(replica)).toHaveLength(end)
  })
})
