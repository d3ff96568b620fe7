import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openObserver, openReader, openWriter, type QueueWriter, removeReader } from '@chronicle-ts/core'
import { message, type RegisteredType, saveSchema, u32 } from '@chronicle-ts/schema'
import type { NatsServer } from '@chronicle-ts/testing'
import type { NatsConnection } from '@nats-io/transport-node'
import { connectNats, FrameStream, Pusher, promote, ReplicaSource, readIdentity, rejoin } from '../../src/index.js'
import { type EndTask, killEnd, startEnd } from '../support/killed.js'
import type { Network } from '../support/network.js'
import { typesOf } from '../support/types.js'
import type { RandomNumbers } from './random-numbers.js'
import { Replica, SMALL } from './replica.js'
import { persistently, Running } from './running.js'

const READER = 'bridge'

/** Where a history happens. */
interface Place {
  readonly server: NatsServer
  /** Between the queues and the server; without one the server is stopped instead of cut off. */
  readonly network: Network | undefined
  readonly folder: string
  /** Bytes of records in a frame at most. */
  readonly frameBytes: number
}

/** A type whose fields the compiler need not know. */
type GrowingType = RegisteredType & { since(version: number, fields: object): GrowingType }

/**
 * Three queues of one history, the stream between them, and everything that may happen to them. A step happens to the state that the steps before it left; at the end all queues must hold the records that were
 * appended, each from its first one on.
 */
export class History {
  readonly #place: Place
  readonly #random: RandomNumbers
  readonly #connection: NatsConnection
  #source: string
  #writer: QueueWriter | undefined
  #pusher: Running | undefined
  readonly replicas: readonly [Replica, Replica]
  /** Texts of the messages, by sequence: the history as it is since the last promotion. */
  readonly appended: string[] = []
  #number = 0
  readonly #faults: unknown[] = []

  private constructor(place: Place, random: RandomNumbers, connection: NatsConnection) {
    this.#place = place
    this.#random = random
    this.#connection = connection
    this.#source = join(place.folder, 'one')
    const shared = { connection, faults: this.#faults }
    this.replicas = [
      new Replica(join(place.folder, 'other'), 'sink', shared),
      new Replica(join(place.folder, 'third'), 'second', shared),
    ]
    this.#openWriter()
  }

  static async begin(place: Place, random: RandomNumbers): Promise<History> {
    const connection = await persistently(() => connectNats({ servers: place.server.url }))
    const history = new History(place, random, connection)
    await history.#append(5)
    return history
  }

  get queues(): readonly string[] {
    return [this.#source, ...this.replicas.map(({ directory }) => directory)]
  }

  /** What can happen, by name; some more often than others. */
  readonly steps: Readonly<Record<string, () => Promise<void>>> = {
    append: () => this.#append(this.#random.integer(1, 40)),
    appendMore: () => this.#append(this.#random.integer(1, 40)),
    appendMany: () => this.#append(this.#random.integer(40, 300)),
    appendLarge: () => this.#append(1, this.#random.integer(8000, 30_000)),
    push: () => this.#startPusher(),
    pushAgain: () => this.#startPusher(),
    pull: () => this.replicas[0].start(this.#queueId),
    pullAgain: () => this.replicas[0].start(this.#queueId),
    pullSecond: () => this.replicas[1].start(this.#queueId),
    endPush: () => this.#endPusher(),
    endPull: () => this.#any().end(),
    wait: async () => void (await sleep(this.#random.integer(0, 30))),
    secondPusher: () => this.#pushBeside(),
    killServer: () => this.#killServer(false),
    loseStore: () => this.#killServer(true),
    stopServer: () => this.#stopServer(),
    cutOff: () => this.#cutOff(),
    restartWriter: async () => this.#openWriter(),
    trim: () => this.#trim(),
    killPush: () => this.#killPush(),
    killPull: () => this.#killPull(),
    promote: () => this.#promote(),
    registerType: async () => this.#registerType(),
  }

  /** Lets everything arrive. */
  async settle(): Promise<void> {
    await this.#endPusher()
    for (const replica of this.replicas) await replica.end()
    if (this.#faults.length > 0) throw this.#faults[0]
    await this.#pushAll()
    for (const replica of this.replicas) await replica.pullAll(this.#queueId)
    this.#writer?.close()
    this.#writer = undefined
    await this.#connection.close()
  }

  /** Ends everything that a broken history has left. */
  async abandon(): Promise<void> {
    this.#writer?.close()
    await this.#connection.close()
  }

  get #queueId(): string {
    return readIdentity(this.#source)?.queueId ?? ''
  }

  #any(): Replica {
    return this.#random.pick(this.replicas)
  }

  /** Types of the queue that is written now. A promoted queue knows those that were replicated. */
  get types(): readonly string[] {
    return typesOf(this.#source)
  }

  /** Another version of a type, before its first record. */
  #registerType(): void {
    const version = typesOf(this.#source).length + 1
    if (version > 255) return
    let type = message('Numbered', 9, { number: u32() }) as unknown as GrowingType
    for (let since = 2; since <= version; since++) type = type.since(since, { [`added${since}`]: u32() })
    saveSchema(this.#source, type)
  }

  async #append(count: number, length = this.#random.integer(0, 300)): Promise<void> {
    for (let index = 0; index < count; index++) {
      const text = String(this.#number++)
      const payload = Buffer.alloc(text.length + length, '.')
      payload.write(text)
      this.#writer?.append(this.#random.integer(0, 9), payload)
      this.appended.push(text)
    }
  }

  /** Segments go as soon as every sink has them: nothing could fill a gap afterwards. */
  #openWriter(): void {
    this.#writer?.close()
    this.#writer = openWriter(this.#source, { ...SMALL, retention: { consumed: true } })
  }

  async #stream(): Promise<FrameStream> {
    return FrameStream.of(this.#connection, this.#queueId)
  }

  get #pushOptions(): { readonly holdUntil: 'sink'; readonly sinks: readonly string[] } {
    return { holdUntil: 'sink', sinks: this.replicas.map(({ name }) => name) }
  }

  async #startPusher(): Promise<void> {
    if (this.#pusher !== undefined) return
    const reader = openReader(this.#source, READER)
    const pusher = new Pusher(
      new ReplicaSource(reader, { frameBytes: this.#place.frameBytes }),
      await this.#stream(),
      this.#pushOptions,
    )
    this.#pusher = new Running(
      this.#faults,
      (signal) => pusher.run(signal),
      () => reader.close(),
    )
  }

  async #endPusher(): Promise<void> {
    const running = this.#pusher
    this.#pusher = undefined
    await running?.end()
  }

  async #pushAll(name = READER): Promise<void> {
    if (name === READER) await this.#endPusher()
    const reader = openReader(this.#source, name)
    try {
      const source = new ReplicaSource(reader, { frameBytes: this.#place.frameBytes })
      await new Pusher(source, await this.#stream(), { ...this.#pushOptions, once: true }).run(new AbortController().signal)
    } finally {
      reader.close()
    }
  }

  /** Its reader has committed nothing, and would hold everything. */
  async #pushBeside(): Promise<void> {
    await this.#pushAll('second')
    removeReader(this.#source, 'second')
  }

  async #killServer(losesStore: boolean): Promise<void> {
    const { server } = this.#place
    await server.kill()
    if (losesStore) server.deleteStore()
    await this.#append(this.#random.integer(0, 20))
    await server.start()
  }

  async #stopServer(): Promise<void> {
    const { server } = this.#place
    await server.stop()
    await this.#append(this.#random.integer(0, 20))
    await server.start()
  }

  async #cutOff(): Promise<void> {
    const { server, network } = this.#place
    if (network === undefined) server.pause(true)
    else network.cut()
    await this.#append(this.#random.integer(0, 20))
    await sleep(this.#random.integer(0, 60))
    if (network === undefined) server.pause(false)
    else network.restore()
  }

  /** Limits of the stream delete what the sinks have made durable. */
  async #trim(): Promise<void> {
    await this.#pushAll()
    for (const replica of this.replicas) await replica.pullAll(this.#queueId)
    const stream = await this.#stream()
    const range = await persistently(() => stream.range())
    if (range === undefined || range.last <= range.first) return
    const seq = this.#random.integer(range.first, range.last)
    await persistently(() => stream.manager.streams.purge(stream.name, { seq }))
  }

  async #killPush(): Promise<void> {
    await this.#endPusher()
    await this.#append(this.#random.integer(0, 40))
    await this.#killed({ action: 'push', queue: this.#source, name: READER, sinks: this.#pushOptions.sinks })
  }

  async #killPull(): Promise<void> {
    const replica = this.#any()
    await replica.end()
    await this.#killed({ action: 'pull', queue: replica.directory, name: replica.name })
  }

  /** Runs a process and kills it at some instant; it may have ended by itself. */
  async #killed(task: Omit<EndTask, 'url'>): Promise<void> {
    const { segmentSize } = SMALL
    const child = await startEnd({
      url: this.#place.server.url,
      queueId: this.#queueId,
      frameBytes: this.#place.frameBytes,
      segmentSize,
      ...task,
    })
    await killEnd(child, this.#random.integer(0, 40))
  }

  /** Another host takes over, in the middle of everything; the old source rejoins, and the two change places. Either may be killed in the middle of it. */
  async #promote(): Promise<void> {
    const replica = this.#any()
    await replica.end()
    if (readIdentity(replica.directory)?.isReplica !== true) return
    const { directory, name } = replica
    if (this.#random.integer(0, 2) === 0) await this.#killed({ action: 'promote', queue: directory, name })
    if (readIdentity(directory)?.isReplica === true) await persistently(() => promote(directory, this.#connection, { name }))
    // What the promoted queue does not have is not part of the history any more.
    const next = replica.nextSequence
    if (next < replica.durable) throw new Error(`record ${next} was durable in the replica that was promoted, and is not there`)
    // The old writer goes on for a while, for nothing.
    await this.#append(this.#random.integer(0, 5))
    this.appended.splice(next)
    await this.#endPusher()
    this.#writer?.close()
    const old = this.#source
    this.#source = directory
    replica.directory = old
    await this.#rejoin(old)
    replica.durable = 0
    // The reader holds what the writer would delete.
    openReader(this.#source, READER).close()
    this.#openWriter()
  }

  async #rejoin(queue: string): Promise<void> {
    if (this.#random.integer(0, 2) === 0) await this.#killed({ action: 'rejoin', queue })
    if (readIdentity(queue)?.isReplica === true) return
    await persistently(() => rejoin(queue, this.#connection))
  }
}

/** Returns the texts of the messages of a queue, and the sequence of the first. */
export function textsOf(directory: string): { readonly first: number; readonly texts: readonly string[] } {
  using observer = openObserver(directory)
  const first = observer.peek()?.sequence ?? observer.nextSequence
  const texts: string[] = []
  for (let message = observer.next(); message !== undefined; message = observer.next())
    texts.push(/^\d+/.exec(message.payload.subarray(0, 12).toString('latin1'))?.[0] ?? '')
  return { first, texts }
}
