import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openReader } from '@chronicle-ts/core'
import type { NatsServer } from '@chronicle-ts/testing'
import type { NatsConnection } from '@nats-io/transport-node'
import { expect, onTestFinished } from 'vitest'
import {
  connectNats,
  FrameStream,
  type NatsOptions,
  Puller,
  type PullerOptions,
  Pusher,
  type PusherOptions,
  ReplicaSink,
  ReplicaSource,
  type ReplicaSourceOptions,
  readIdentity,
  type StreamNames,
} from '../../src/index.js'
import { appendSome, openSource, temporaryDirectory, told } from './queues.js'

export const NEVER = new AbortController().signal

export const WRITER = { segmentSize: 65_536, prefault: false, heartbeatIntervalMs: 0 }

/** Small, so that few records make several frames. */
const FRAME_BYTES = 4096

/** An error with this code, and these facts. */
export const code = (name: string, facts: object = {}): unknown => expect.objectContaining({ code: name, ...facts })

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2))
}

export interface EndsOptions {
  readonly messages?: number
  readonly length?: number
  readonly segmentSize?: number
  readonly nats?: Omit<NatsOptions, 'servers'>
  readonly names?: StreamNames
}

/** Both ends of one history. */
export class Ends {
  private constructor(
    readonly source: string,
    readonly replica: string,
    readonly connection: NatsConnection,
    readonly stream: FrameStream,
  ) {}

  static async on(server: NatsServer, options: EndsOptions = {}): Promise<Ends> {
    const { messages = 100, length, segmentSize = 65_536, nats = {}, names = {} } = options
    const folder = temporaryDirectory()
    const source = join(folder, 'source')
    {
      using writer = openSource(source, segmentSize)
      appendSome(writer, messages, length)
    }
    const connection = await connectNats({ servers: server.url, ...nats })
    onTestFinished(() => connection.close())
    const stream = await FrameStream.of(connection, readIdentity(source)?.queueId ?? '', names)
    return new Ends(source, join(folder, 'replica'), connection, stream)
  }

  pusher(options: PusherOptions & { reader?: string; queue?: string } = {}): Pusher {
    const { reader = 'bridge', queue = this.source, ...others } = options
    const opened = openReader(queue, reader)
    onTestFinished(() => opened.close())
    return new Pusher(new ReplicaSource(opened, { frameBytes: FRAME_BYTES }), this.stream, others)
  }

  /** Pushes what there is. */
  async push(options: PusherOptions & ReplicaSourceOptions & { queue?: string; stream?: FrameStream } = {}): Promise<Pusher> {
    const { queue = this.source, stream = this.stream, frameBytes = FRAME_BYTES, compression = 'none', ...others } = options
    using reader = openReader(queue, 'bridge')
    const pusher = new Pusher(new ReplicaSource(reader, { frameBytes, compression }), stream, { ...others, once: true })
    await pusher.run(NEVER)
    return pusher
  }

  /** Pulls what there is. */
  async pull(options: Partial<PullerOptions> & { into?: string } = {}): Promise<Puller> {
    const { into = this.replica, ...others } = options
    using sink = new ReplicaSink(into, { writer: WRITER })
    const puller = new Puller(sink, this.stream, { name: 'b', ...others, once: true })
    await puller.run(NEVER)
    return puller
  }

  /** Holds up everything that this stream publishes until other work is done: frames that are on their way together then meet its messages. */
  overtake(work: () => Promise<unknown>): void {
    const { client } = this.stream
    const publish = client.publish.bind(client)
    let overtaking: Promise<unknown> | undefined
    client.publish = async (...message) => {
      overtaking ??= work()
      await overtaking
      return publish(...message)
    }
  }

  /** Keeps what the server has of the stream. @returns makes the server lose what it got since, although it acknowledged that. */
  async keepStore(server: NatsServer): Promise<() => Promise<void>> {
    const messages = join(server.store, 'jetstream', '$G', 'streams', this.stream.name, 'msgs')
    const kept = `${messages}-before`
    await this.#whileStopped(server, () => cpSync(messages, kept, { recursive: true }))
    return () =>
      this.#whileStopped(server, () => {
        rmSync(messages, { recursive: true })
        cpSync(kept, messages, { recursive: true })
        rmSync(kept, { recursive: true })
      })
  }

  async #whileStopped(server: NatsServer, work: () => void): Promise<void> {
    using reconnects = this.stream.watchReconnects()
    await server.stop()
    work()
    await server.start()
    // What is sent before it is not answered.
    await until(() => reconnects.signal.aborted)
  }

  append(count: number, length?: number, queue = this.source): void {
    using writer = openSource(queue)
    appendSome(writer, count, length)
  }

  expectEqual(): void {
    expect(told(this.replica)).toEqual(told(this.source))
  }
}
