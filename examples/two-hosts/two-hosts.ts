import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, promote, readIdentity, rejoin } from '@chronicle-ts/bridge'
import { type NatsBinary, NatsServer } from '@chronicle-ts/testing'
import type { Program } from '../trading/demo/program.js'
import { ExpectedError, InterruptedError } from '../trading/process/expected-error.js'
import type { FeedState, RouterState, StrategyState } from '../trading/process/program-state.js'
import type { BridgeState } from './bridge.js'
import { Host } from './host.js'
import { auditHosts, type HostsAudit } from './hosts-audit.js'

const VENUE = 'coinbase'
const STRATEGY = 'alpha'
/** Reach of the strategy's average. */
const SPAN = '3'
const LOOK_INTERVAL_MS = 20
/** How long nothing may happen that is waited for. Bridges try again at least every 5 s. */
const STALL_TIMEOUT_MS = 60_000

export interface TwoHostsOptions {
  readonly root: string
  readonly capture: string
  /** Times the recorded pace, on host A. Host B plays what is left as fast as it can. */
  readonly speed: string
  readonly signal: AbortSignal
}

export interface TwoHostsSummary {
  /** What was killed, and the sequence of A's next frame at that moment. */
  readonly kills: readonly { readonly what: string; readonly atFrame: number }[]
  readonly failover: {
    /** Term of B's queue of frames. */
    readonly term: number
    /** Frames that B had when it became the source. */
    readonly framesOfB: number
    /** Frames that A had when it died. */
    readonly framesOfA: number
    /** The same for the notes of when each frame was sent. */
    readonly notesOfB: number
    readonly notesOfA: number
    /**
     * Records of A that B does not have, or has otherwise: in A's quarantine since it is a replica. Notes hold the time of the machine and differ; a frame has the time of the capture, and may be
     * the same on both hosts.
     */
    readonly quarantined: number
  }
  readonly audit: HostsAudit
}

/** Runs both hosts, kills one part after the other, fails over, and audits what is there. */
export class TwoHosts {
  readonly #options: TwoHostsOptions
  readonly #a: Host
  readonly #b: Host
  readonly #kills: { what: string; atFrame: number }[] = []

  constructor(options: TwoHostsOptions) {
    this.#options = options
    this.#a = new Host('a', options.root, VENUE)
    this.#b = new Host('b', options.root, VENUE)
  }

  /** @throws {@link ExpectedError} when a process fails that was not killed; {@link InterruptedError}. */
  async run(binary: NatsBinary): Promise<TwoHostsSummary> {
    const { root, capture } = this.#options
    const [a, b] = [this.#a, this.#b]
    const server = await NatsServer.start({ binary, folder: join(root, 'nats') })
    try {
      const failover = await this.#play(server)
      const audit = await auditHosts({ a, b, venue: VENUE, strategy: STRATEGY, capture })
      return { kills: this.#kills, failover, audit }
    } finally {
      await Promise.all([a.die(), b.die()])
      await server.kill()
    }
  }

  async #play(server: NatsServer): Promise<TwoHostsSummary['failover']> {
    const [a, b] = [this.#a, this.#b]
    const { capture } = this.#options
    let feed = this.#startFeed()
    await this.#until('the queues of host A', () => a.queues.every((directory) => readIdentity(directory)?.queueId))
    const queueIds = a.queues.flatMap((directory) => ['--queue-id', readIdentity(directory)?.queueId ?? ''])
    const push = (host: Host) => host.start<BridgeState>('bridge', 'push', '--venue', VENUE, '--server', server.url)
    const pull = (host: Host) =>
      host.start<BridgeState>('bridge', 'pull', '--venue', VENUE, '--server', server.url, '--sink', host.name, ...queueIds)
    let pushing = push(a)
    let pulling = pull(b)
    const strategy = b.start<StrategyState>('strategy', '--name', STRATEGY, '--span', SPAN, '--feed', VENUE)
    const router = b.start<RouterState>('router')
    await this.#until('the first frames', () => this.#b.nextFrame > 0)

    const outages: readonly [what: string, kill: () => Promise<void>, restart: () => unknown][] = [
      ['the NATS server', () => server.kill(), () => server.start()],
      ['the bridge of host A', () => a.end(pushing, 'SIGKILL'), () => (pushing = push(a))],
      ['the bridge of host B', () => b.end(pulling, 'SIGKILL'), () => (pulling = pull(b))],
    ]
    for (const [what, kill, restart] of outages) {
      await this.#kill(what, kill)
      await restart()
      // However long that takes, the capture lasts until host A dies.
      await a.end(feed, 'SIGTERM')
      await this.#arrived(`what came without ${what}`)
      feed = this.#startFeed()
    }
    // The bridge dies first, so that A has frames that nothing has carried away when the rest of it dies.
    await this.#kill('host A', () => a.end(pushing, 'SIGKILL'))
    await a.die()
    const [framesOfA = 0, notesOfA = 0] = a.nextSequences
    await b.end(pulling, 'SIGTERM')
    const { term, framesOfB, notesOfB } = await this.#promoteB(server)

    const rest = b.start<FeedState>('feed', '--venue', VENUE, '--speed', 'max', '--continue', capture)
    push(b)
    this.#say('host B writes the rest of the market data')
    await this.#until('the feed of host B', () => rest.end !== undefined)
    await b.drain(strategy)
    await b.drain(router)

    this.#say('host A comes back, as a replica')
    const quarantined = await this.#rejoinA(server)
    pull(a)
    await this.#until('host A to have what host B has', () => String(a.nextSequences) === String(b.nextSequences))
    return { term, framesOfA, framesOfB, notesOfA, notesOfB, quarantined }
  }

  /** Host A goes on with the capture, after the last frame that it has. */
  #startFeed(): Program<FeedState> {
    const { capture, speed } = this.#options
    return this.#a.start<FeedState>('feed', '--venue', VENUE, '--speed', speed, '--continue', capture)
  }

  /** Kills while the feed runs, and waits until it has appended frames without what was killed. */
  async #kill(what: string, kill: () => Promise<void>): Promise<void> {
    const running = this.#a.nextFrame
    await this.#until('the feed to run', () => this.#a.nextFrame > running)
    await kill()
    const before = this.#a.nextFrame
    this.#kills.push({ what, atFrame: before })
    this.#say(`killed ${what} at frame ${before}`)
    await this.#until('the feed to go on', () => this.#a.nextFrame > before)
  }

  /** Waits until B has what A has now. */
  async #arrived(what: string): Promise<void> {
    const target = this.#a.nextFrame
    await this.#until(what, () => this.#b.nextFrame >= target)
  }

  async #promoteB({ url }: NatsServer): Promise<{ term: number; framesOfB: number; notesOfB: number }> {
    const { queues, name } = this.#b
    const connection = await connectNats({ servers: url })
    try {
      const frames = await promote(queues[0], connection, { name })
      const notes = await promote(queues[1], connection, { name })
      this.#say(`host B is the source from frame ${frames.first} on, in term ${frames.term} (notes: ${notes.first})`)
      return { term: frames.term, framesOfB: frames.first, notesOfB: notes.first }
    } finally {
      await connection.close()
    }
  }

  /** @returns how many records A had that no other host ever got. */
  async #rejoinA({ url }: NatsServer): Promise<number> {
    const connection = await connectNats({ servers: url })
    try {
      let records = 0
      for (const directory of this.#a.queues) records += (await rejoin(directory, connection)).records
      return records
    } finally {
      await connection.close()
    }
  }

  async #until(what: string, condition: () => unknown): Promise<void> {
    const endMs = performance.now() + STALL_TIMEOUT_MS
    while (!condition()) {
      if (this.#options.signal.aborted) throw new InterruptedError()
      this.#a.assertHealthy()
      this.#b.assertHealthy()
      if (performance.now() > endMs) throw new ExpectedError(`Waited ${STALL_TIMEOUT_MS / 1000} s for ${what}`)
      await sleep(LOOK_INTERVAL_MS)
    }
    this.#a.assertHealthy()
    this.#b.assertHealthy()
  }

  #say(text: string): void {
    console.error(text)
  }
}
