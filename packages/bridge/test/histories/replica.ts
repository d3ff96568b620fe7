import { isQueueError, openObserver } from '@chronicle-ts/core'
import type { NatsConnection } from '@nats-io/transport-node'
import { FrameStream, Puller, ReplicaSink, readIdentity, rejoin } from '../../src/index.js'
import { persistently, Running } from './running.js'

export const SMALL = { segmentSize: 65_536, prefault: false, heartbeatIntervalMs: 0 }

/** A replica of a history, and the bridge that pulls it, while that runs. */
export class Replica {
  directory: string
  /** Its name as a sink, which stays with the place and not with the queue. */
  readonly name: string
  /** Records below it were durable here at some time. */
  durable = 0
  readonly #connection: NatsConnection
  readonly #faults: unknown[]
  #running: Running | undefined

  constructor(directory: string, name: string, { connection, faults }: { connection: NatsConnection; faults: unknown[] }) {
    this.directory = directory
    this.name = name
    this.#connection = connection
    this.#faults = faults
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  get nextSequence(): number {
    if (readIdentity(this.directory) === undefined) return 0
    using observer = openObserver(this.directory, { start: 'latest' })
    return observer.nextSequence
  }

  async start(queueId: string): Promise<void> {
    if (this.#running !== undefined) return
    const stream = await FrameStream.of(this.#connection, queueId)
    await persistently(() => stream.ensure())
    const sink = new ReplicaSink(this.directory, { writer: SMALL, queueId })
    const puller = new Puller(sink, stream, { name: this.name })
    this.#running = new Running(
      this.#faults,
      (signal) => puller.run(signal),
      () => this.#close(sink),
    )
  }

  async end(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.end()
  }

  /** Pulls what there is. A replica that has more than the queue that was promoted meanwhile joins it first. */
  async pullAll(queueId: string): Promise<void> {
    await this.end()
    try {
      await this.#pullOnce(queueId)
    } catch (error) {
      if (!isQueueError(error, 'ERR_FENCED')) throw error
      const { first } = await persistently(() => rejoin(this.directory, this.#connection))
      this.durable = Math.min(this.durable, first)
      await this.#pullOnce(queueId)
    }
  }

  async #pullOnce(queueId: string): Promise<void> {
    const sink = new ReplicaSink(this.directory, { writer: SMALL, queueId })
    try {
      const stream = await FrameStream.of(this.#connection, queueId)
      await new Puller(sink, stream, { name: this.name, once: true }).run(new AbortController().signal)
    } finally {
      this.#close(sink)
    }
  }

  #close(sink: ReplicaSink): void {
    this.durable = Math.max(this.durable, sink.durableSequence)
    sink.close()
  }
}
