import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, FrameStream, Puller, Pusher, ReplicaSink, ReplicaSource } from '@chronicle-ts/bridge'
import { openObserver, openWriter, realtimeNs } from '@chronicle-ts/core'
import { median } from '../../statistics.js'
import type { Probe, ProbeContext } from '../probe.js'

/** Messages that are appended per millisecond while the latency is measured. */
const PER_MS = 10

/** A queue through a real server to a replica, both bridges in this process. Without `nats-server` there are no figures. */
export const replication: Probe = {
  name: 'replication through nats-server',
  measure: async (context) => {
    if (spawnSync('nats-server', ['--version']).status !== 0) return {}
    const count = context.quick ? 5000 : 1_000_000
    const steady = await transfer(context, { name: 'steady', settings: '', count })
    // A setting of 2.10 and later: an older server refuses it, and there is no figure.
    const synced = await transfer(context, { name: 'synced', settings: ', sync_interval: always', count: count / 4 })
    const recordBytes = 64 + Math.ceil(context.payloadLength / 64) * 64
    const p50Ms = await latency(context)
    return {
      ...(steady !== undefined && { bridgeNs: steady }),
      ...(synced !== undefined && { bridgeSyncedMsPerMb: synced / recordBytes }),
      ...(p50Ms !== undefined && { bridgeP50Ms: p50Ms }),
      bridgeRssMb: process.memoryUsage.rss() / 1e6,
    }
  },
}

interface Load {
  readonly name: string
  /** For the server: JetStream's own. */
  readonly settings: string
  readonly count: number
}

/** Nanoseconds per record, from the first one in the source to the last one durable in the replica. */
async function transfer(context: ProbeContext, { name, settings, count }: Load): Promise<number | undefined> {
  const source = join(context.directory, `${name}-source`)
  {
    using writer = openWriter(source, { heartbeatIntervalMs: 0 })
    const payload = Buffer.alloc(context.payloadLength, 7)
    for (let index = 0; index < count; index++) writer.append(1, payload)
  }
  return withServer(context, { name, settings }, async (url) => {
    const beginNs = process.hrtime.bigint()
    await withBridges({ url, source, replica: join(context.directory, `${name}-replica`) }, async (sink) => {
      while (sink.durableSequence < count) await sleep(1)
    })
    return Number(process.hrtime.bigint() - beginNs) / count
  })
}

/** Milliseconds from an append to the message in the replica, at ten messages per millisecond: the middle of them. */
async function latency(context: ProbeContext): Promise<number | undefined> {
  const source = join(context.directory, 'paced-source')
  const replica = join(context.directory, 'paced-replica')
  using writer = openWriter(source, { segmentSize: 8 << 20 })
  const payload = Buffer.alloc(context.payloadLength, 7)
  writer.append(1, payload)
  return withServer(context, { name: 'paced', settings: '' }, async (url) => {
    const latencies: number[] = []
    await withBridges({ url, source, replica }, async (sink) => {
      while ((sink.nextSequence ?? 0) < 1) await sleep(1)
      using observer = openObserver(replica)
      const endMs = performance.now() + context.latencySeconds * 1000
      let due = performance.now()
      while (performance.now() < endMs) {
        for (; due <= performance.now(); due += 1) for (let index = 0; index < PER_MS; index++) writer.append(1, payload)
        await new Promise((resolve) => setImmediate(resolve))
        observer.poll(Number.POSITIVE_INFINITY, (message) => {
          latencies.push(Number(realtimeNs() - message.timestampNs) / 1e6)
        })
      }
    })
    return median(latencies)
  })
}

async function withBridges(
  { url, source, replica }: { readonly url: string; readonly source: string; readonly replica: string },
  work: (sink: ReplicaSink) => Promise<void>,
): Promise<void> {
  const connections = [await connectNats({ servers: url }), await connectNats({ servers: url })] as const
  const ending = new AbortController()
  try {
    using reader = openObserver(source)
    const sent = new ReplicaSource(reader)
    const stream = await FrameStream.of(connections[0], sent.queueId)
    await stream.ensure()
    using sink = new ReplicaSink(replica)
    const received = await FrameStream.of(connections[1], sent.queueId)
    const bridges = [
      new Pusher(sent, stream).run(ending.signal),
      new Puller(sink, received, { name: 'bench' }).run(ending.signal),
    ]
    await work(sink)
    ending.abort()
    await Promise.all(bridges)
  } finally {
    for (const connection of connections) await connection.close()
  }
}

async function withServer(
  { directory }: ProbeContext,
  { name, settings }: Pick<Load, 'name' | 'settings'>,
  work: (url: string) => Promise<number>,
): Promise<number | undefined> {
  const port = await freePort()
  const config = join(directory, `${name}.conf`)
  writeFileSync(config, `listen: "127.0.0.1:${port}"\njetstream: { store_dir: "${join(directory, name)}" ${settings} }\n`)
  const server = spawn('nats-server', ['-c', config], { stdio: 'ignore' })
  try {
    while (!(await accepts(port))) {
      if (server.exitCode !== null) return undefined
      await sleep(10)
    }
    return await work(`nats://127.0.0.1:${port}`)
  } finally {
    await ended(server)
  }
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const exit = once(server, 'exit')
  server.kill('SIGKILL')
  await exit
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
