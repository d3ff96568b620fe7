import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { removeReader } from '@chronicle-ts/core'
import { inspectState } from '@chronicle-ts/inspect'
import { Role } from './role.js'

const EXAMPLES = fileURLToPath(new URL('../../../../examples/', import.meta.url))
const CAPTURES = {
  coinbase: join(EXAMPLES, 'data/coinbase-2021-04-17.ws.txt.gz'),
  'binance-futures': join(EXAMPLES, 'data/binance-futures-2021-07-22.ws.txt.gz'),
} as const

type Venue = keyof typeof CAPTURES
const VENUES = Object.keys(CAPTURES)

/** A tenth of the recorded pace: the recordings last seven minutes, and no queue rolls while an incident is looked at. */
const SLOWLY = '0.1'

/** Small enough for the feed to have some, larger than the largest frame. */
const SEGMENT_SIZE = 64 * 1024
const SEGMENTS_MAX = 8

/** Room for the queues of the demo, and little more. */
const DISK_SIZE = '96m'

const END_MS = 5000

/** A program of the trading example, as the demo starts it. */
async function startProgram(name: 'feed' | 'router' | 'strategy', args: readonly string[]): Promise<ChildProcess> {
  const child = fork(join(EXAMPLES, `dist/trading/${name}/main.js`), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  })
  await once(child, 'message')
  child.send('start')
  return child
}

async function end(child: ChildProcess | undefined, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGCONT')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
  await exit
  clearTimeout(timer)
}

/**
 * The trading example, played slowly: two feeds, two strategies and the router, each a process of its own, and an auditor that reads one of the feeds. Where the caller may mount file systems its
 * queues are on one of their own.
 */
export class TradingDemo {
  readonly isMounted: boolean
  readonly #feeds = new Map<Venue, ChildProcess>()
  readonly #strategies = new Map<string, ChildProcess>()
  #router: ChildProcess | undefined
  #auditor: Role | undefined

  private constructor(readonly root: string) {
    mkdirSync(root)
    this.isMounted = mount(root)
  }

  static async start(root: string): Promise<TradingDemo> {
    const demo = new TradingDemo(root)
    await Promise.all([demo.startFeed('coinbase'), demo.startFeed('binance-futures')])
    demo.#router = await startProgram('router', ['--root', root])
    await Promise.all([demo.startStrategy('strategy-1'), demo.startStrategy('strategy-2'), demo.startAuditor()])
    return demo
  }

  /** The queue of the feed that has bounds, and most of the messages. */
  get feedQueue(): string {
    return join(this.root, 'market_data/queue/coinbase')
  }

  ordersOut(strategy: string): string {
    return join(this.root, 'orders/queue', strategy, 'orders_out')
  }

  get feed(): ChildProcess {
    return this.#feeds.get('coinbase') as ChildProcess
  }

  get auditor(): Role {
    return this.#auditor as Role
  }

  /** Starts a feed where its queue ends. */
  async startFeed(venue: Venue, speed = SLOWLY): Promise<void> {
    const bounds = ['--segment-size', String(SEGMENT_SIZE), '--max-segments', String(SEGMENTS_MAX)]
    const args = ['--root', this.root, '--venue', venue, '--speed', speed, '--continue', ...bounds, '--', CAPTURES[venue]]
    this.#feeds.set(venue, await startProgram('feed', args))
  }

  /** Plays a capture whose recorder had a clock that is a day ahead. */
  async playForged(venue: string): Promise<void> {
    const file = join(this.root, 'forged.txt')
    writeFileSync(file, `${Date.now() / 1000 + 86_400}: {"product_id":"BTC-USD"}\n`)
    const child = await startProgram('feed', ['--root', this.root, '--venue', venue, '--speed', 'max', '--', file])
    if (child.exitCode === null) await once(child, 'exit')
    rmSync(file)
  }

  async endFeed(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await end(this.feed, signal)
  }

  async startStrategy(name: string, span = '3'): Promise<void> {
    const feeds = VENUES.flatMap((venue) => ['--feed', venue])
    this.#strategies.set(name, await startProgram('strategy', ['--root', this.root, '--name', name, '--span', span, ...feeds]))
  }

  /** Starts a strategy that never orders: the average of a single price is that price. Returns once the router reads it. */
  async startQuietStrategy(name: string): Promise<void> {
    await this.startStrategy(name, '1')
    while (inspectState(this.ordersOut(name)).state.readers[0]?.word !== 'waiting') await sleep(20)
  }

  /** Kills a strategy and deletes everything that it had. */
  async removeStrategy(name: string): Promise<void> {
    await this.killStrategy(name)
    rmSync(join(this.root, 'orders/queue', name), { recursive: true })
    for (const venue of VENUES)
      for (const kind of ['queue', 'send_notes']) removeReader(join(this.root, 'market_data', kind, venue), name)
  }

  async killStrategy(name: string): Promise<void> {
    await end(this.#strategies.get(name))
  }

  async startAuditor(): Promise<void> {
    this.#auditor = await Role.start('reader', this.feedQueue, 'auditor')
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#strategies.values(), ...this.#feeds.values(), this.#router].map((child) => end(child)))
    await this.#auditor?.kill()
    if (this.isMounted) execFileSync('umount', [this.root])
  }
}

function mount(root: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE}`, 'tmpfs', root], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
