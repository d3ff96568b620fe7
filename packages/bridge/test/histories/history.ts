import { setTimeout as sleep } from 'node:timers/promises'
import { isQueueError, openReader, openWriter, type QueueErrorCode, type QueueWriter } from '@chronicle-ts/core'
import type { NatsConnection } from '@nats-io/transport-node'
import {
  connectNats,
  FrameStream,
  Puller,
  Pusher,
  promote,
  ReplicaSink,
  ReplicaSource,
  readIdentity,
  rejoin,
} from '../../src/index.js'
import type { NatsServer } from '../support/nats-server.js'
import type { RandomNumbers } from './random-numbers.js'

const SMALL = { segmentSize: 65_536, prefault: false, heartbeatIntervalMs: 0 }

/** What a bridge that runs in the background ends with when the history goes that way; everything else is a fault. */
const EXPECTED: readonly QueueErrorCode[] = ['ERR_FENCED']

/** Asks a server again that has just been killed, started or cut off: what a person at the command line does. */
async function persistently<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (isQueueError(error) || tries === 20) throw error
      await sleep(100)
    }
  }
}

/** One end of a bridge that runs until it is told to end. */
interface Running {
  readonly end: () => Promise<void>
}

/**
 * Two queues of one history, the stream between them, and everything that may happen to them. A step happens to whatever state the steps before it left; at the end both queues must hold the same
 * records.
 */
export class History {
  #source: string
  #replica: string
  #writer: QueueWriter | undefined
  #pusher: Running | undefined
  #puller: Running | undefined
  #faults: unknown[] = []
  #number = 0
  /** Records below it were in the replica, durable, at some time: they must never go away. */
  durableInReplica = 0

  private constructor(
    readonly server: NatsServer,
    readonly random: RandomNumbers,
    readonly connection: NatsConnection,
    queues: { readonly source: string; readonly replica: string },
  ) {
    this.#source = queues.source
    this.#replica = queues.replica
    this.#writer = openWriter(this.#source, SMALL)
  }

  static async begin(server: NatsServer, random: RandomNumbers, folder: string): Promise<History> {
    const connection = await connectNats({ servers: server.url })
    const history = new History(server, random, connection, { source: `${folder}/one`, replica: `${folder}/other` })
    await history.#append(5)
    return history
  }

  get queues(): { readonly source: string; readonly replica: string } {
    return { source: this.#source, replica: this.#replica }
  }

  /** What can happen, by name; some more often than others. */
  readonly steps: Readonly<Record<string, () => Promise<void>>> = {
    append: () => this.#append(this.random.integer(1, 40)),
    appendMore: () => this.#append(this.random.integer(1, 40)),
    appendLarge: () => this.#append(1, this.random.integer(8000, 30_000)),
    push: () => this.#startPusher(),
    pull: () => this.#startPuller(),
    endPush: () => this.#endPusher(),
    endPull: () => this.#endPuller(),
    wait: async () => void (await sleep(this.random.integer(0, 15))),
    secondPusher: () => this.#pushBeside(),
    killServer: () => this.#killServer(false),
    loseStore: () => this.#killServer(true),
    cutOff: () => this.#cutOff(),
    restartWriter: async () => this.#restartWriter(),
    trim: () => this.#trim(),
    promote: () => this.#promote(),
  }

  /** Lets everything arrive. */
  async settle(): Promise<void> {
    await this.#endPusher()
    await this.#endPuller()
    if (this.#faults.length > 0) throw this.#faults[0]
    await this.#pushAll()
    await this.#pullAll()
    this.#writer?.close()
    this.#writer = undefined
    await this.connection.close()
  }

  async #append(count: number, length = this.random.integer(0, 300)): Promise<void> {
    for (let index = 0; index < count; index++) {
      const payload = Buffer.alloc(length, this.#number)
      payload.write(String(this.#number++))
      this.#writer?.append(this.random.integer(0, 9), payload)
    }
  }

  async #restartWriter(): Promise<void> {
    this.#writer?.close()
    this.#writer = openWriter(this.#source, SMALL)
  }

  async #stream(): Promise<FrameStream> {
    return FrameStream.of(this.connection, readIdentity(this.#source)?.queueId ?? '')
  }

  async #startPusher(): Promise<void> {
    if (this.#pusher !== undefined) return
    const reader = openReader(this.#source, 'bridge')
    const pusher = new Pusher(new ReplicaSource(reader, { frameBytes: 2048 }), await this.#stream(), { holdUntil: 'sink' })
    this.#pusher = this.#running(
      (signal) => pusher.run(signal),
      () => reader.close(),
    )
  }

  async #startPuller(): Promise<void> {
    if (this.#puller !== undefined) return
    const sink = new ReplicaSink(this.#replica, { writer: SMALL, queueId: readIdentity(this.#source)?.queueId ?? '' })
    const stream = await this.#stream()
    await persistently(() => stream.ensure())
    const puller = new Puller(sink, stream, { name: 'sink' })
    this.#puller = this.#running(
      (signal) => puller.run(signal),
      () => {
        this.durableInReplica = Math.max(this.durableInReplica, sink.durableSequence)
        sink.close()
      },
    )
  }

  #running(run: (signal: AbortSignal) => Promise<void>, close: () => void): Running {
    const ending = new AbortController()
    const ended = run(ending.signal)
      .catch((error: unknown) => {
        if (!EXPECTED.some((code) => isQueueError(error, code))) this.#faults.push(error)
      })
      .finally(close)
    return {
      end: async () => {
        ending.abort()
        await ended
      },
    }
  }

  async #endPusher(): Promise<void> {
    await this.#pusher?.end()
    this.#pusher = undefined
  }

  async #endPuller(): Promise<void> {
    await this.#puller?.end()
    this.#puller = undefined
  }

  async #pushAll(name = 'bridge'): Promise<void> {
    const reader = openReader(this.#source, name)
    try {
      const source = new ReplicaSource(reader, { frameBytes: 2048 })
      await new Pusher(source, await this.#stream(), { once: true, holdUntil: 'sink' }).run(new AbortController().signal)
    } finally {
      reader.close()
    }
  }

  async #pullAll(): Promise<void> {
    const sink = new ReplicaSink(this.#replica, { writer: SMALL, queueId: readIdentity(this.#source)?.queueId ?? '' })
    try {
      await new Puller(sink, await this.#stream(), { name: 'sink', once: true }).run(new AbortController().signal)
      this.durableInReplica = Math.max(this.durableInReplica, sink.durableSequence)
    } finally {
      sink.close()
    }
  }

  async #pushBeside(): Promise<void> {
    await this.#pushAll('second')
  }

  async #killServer(losesStore: boolean): Promise<void> {
    await this.server.kill()
    if (losesStore) this.server.deleteStore()
    await this.#append(this.random.integer(0, 20))
    await this.server.start()
  }

  async #cutOff(): Promise<void> {
    this.server.pause(true)
    await this.#append(this.random.integer(0, 20))
    await sleep(this.random.integer(0, 30))
    this.server.pause(false)
  }

  /** Limits of the stream delete what the sink has made durable. */
  async #trim(): Promise<void> {
    await this.#endPuller()
    if (readIdentity(this.#replica) === undefined) return
    await this.#pushAll()
    await this.#pullAll()
    const stream = await this.#stream()
    const range = await persistently(() => stream.range())
    if (range === undefined || range.last <= range.first) return
    const seq = this.random.integer(range.first, range.last)
    await persistently(() => stream.manager.streams.purge(stream.name, { seq }))
  }

  /** The other host takes over, in the middle of everything; the old source rejoins, and the two change places. */
  async #promote(): Promise<void> {
    await this.#endPuller()
    if (readIdentity(this.#replica)?.isReplica !== true) return
    await persistently(() => promote(this.#replica, this.connection, { name: 'sink' }))
    await this.#append(this.random.integer(0, 5))
    await this.#endPusher()
    this.#writer?.close()
    const [old, now] = [this.#source, this.#replica]
    await persistently(() => rejoin(old, this.connection))
    this.#source = now
    this.#replica = old
    this.#writer = openWriter(now, SMALL)
  }
}
