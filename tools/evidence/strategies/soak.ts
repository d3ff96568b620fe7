import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BusLayout } from '@chronicle-ts/bus'
import { Random } from '../random.js'
import { Actor } from '../resources/actor.js'
import { type Line, measureFlatness } from '../resources/flatness.js'
import { mappedFiles, type ProcessSample, sampleProcess } from '../resources/process-sample.js'
import { auditStrategy } from './audit.js'
import { Departures } from './departures.js'

/** Processes run what was built, also when the director is a test that runs on the sources. */
const DIST = new URL(import.meta.url.includes('/dist/') ? '../../' : '../../dist/', import.meta.url)
const HOST = new URL('evidence/strategies/host.js', DIST)
const ROUTER = new URL('../../examples/dist/trading/router/main.js', DIST)
/** Bytes of a queue that were handed out keep it mapped until they are collected, and an idle process collects nothing. */
const ROUTER_OPTIONS = ['--expose-gc', '--import', new URL('evidence/strategies/collect-often.js', DIST).href]

const SAMPLE_INTERVAL_MS = 250
/** Until then nothing is warm: nothing is compiled. */
const WARM_SHARE = 0.2
/** Everything that must happen at some time has this long, however busy the machine is. */
const PATIENCE_MS = 60_000

/** Of a process, not of a queue: what inotify and a first timer need may come after the first look. */
const SHARED_DESCRIPTORS = 2

export interface SoakPlan {
  /** An empty folder: the bus and what became of vanished strategies. */
  readonly folder: string
  readonly strategies: number
  readonly seconds: number
  readonly seed: number
  /** Strategies that share a process, and so its death. @defaultValue 5 */
  readonly strategiesPerHost?: number
}

export interface SoakResult {
  readonly orders: number
  readonly answers: number
  readonly kills: number
  readonly moved: number
  readonly deleted: number
  /** Orders in vanished directories beyond what was promised an answer: sent after the vanishing, or before any router came. */
  readonly lostWithDirectory: number
  /** Vanished directories whose orders were not all answered, because the router said that it could not. */
  readonly reported: number
  /** Orders without an answer in directories of which the router said that something is wrong. */
  readonly reportedOrders: number
  /** The router before the first strategy, and after the last one was gone. */
  readonly before: ProcessSample
  readonly after: ProcessSample
  readonly samples: readonly ProcessSample[]
  readonly lines: readonly Line[]
  /** What was not as promised; empty when all is well. */
  readonly broken: readonly string[]
}

/** Strategies that share a process. */
interface Group {
  readonly names: readonly string[]
  host: Actor | undefined
  /** Not before (milliseconds of `performance.now`). */
  startAtMs: number
}

/** Strategies that start, crash and vanish at random under one router. */
export function runSoak(plan: SoakPlan): Promise<SoakResult> {
  return new Soak(plan).run()
}

class Soak {
  readonly #plan: SoakPlan
  readonly #random: Random
  readonly #layout: BusLayout
  readonly #departures: Departures
  readonly #groups: Group[] = []
  readonly #samples: ProcessSample[] = []
  readonly #broken: string[] = []
  readonly #router: Actor
  /** It has reported: before that, what a starting process holds says nothing. */
  #routerIsUp = false
  /** How many strategies it served when it reported last. */
  #servedCount = 0
  #kills = 0
  #isEnding = false

  constructor(plan: SoakPlan) {
    this.#plan = plan
    this.#random = new Random(plan.seed)
    const root = join(plan.folder, 'bus')
    this.#layout = new BusLayout(root)
    this.#departures = new Departures(this.#layout, join(plan.folder, 'gone'))
    const names = Array.from({ length: plan.strategies }, (_, index) => `strategy-${String(index).padStart(3, '0')}`)
    const { strategiesPerHost = 5 } = plan
    while (names.length > 0) {
      this.#groups.push({ names: names.splice(0, strategiesPerHost), host: undefined, startAtMs: 0 })
    }
    const handlers = {
      onLine: (line: string) => this.#departures.hear(line),
      onEnd: (how: string) => this.#broken.push(`the router ${how}: ${this.#departures.lastLines.join(' | ')}`),
      onMessage: (message: unknown) => {
        this.#routerIsUp = true
        this.#servedCount = (message as { readonly state: { readonly strategies: number } }).state.strategies
      },
    }
    this.#router = new Actor(ROUTER, ['--root', root], handlers, ROUTER_OPTIONS)
  }

  async run(): Promise<SoakResult> {
    try {
      const before = await this.#beginRouter()
      await this.#beginStrategies()
      await this.#rage()
      const { orders, answers } = await this.#settle()
      const after = await this.#loseEverything(before)
      this.#router.send('drain')
      await this.#within('the router ends', () => this.#router.hasEnded)
      return this.#conclude({ orders, answers, before, after })
    } finally {
      this.#isEnding = true
      await Promise.all([this.#router, ...this.#groups.flatMap(({ host }) => host ?? [])].map((actor) => actor.kill()))
    }
  }

  async #beginRouter(): Promise<ProcessSample> {
    await this.#within('the router reports', () => this.#routerIsUp)
    this.#router.send('start')
    let previous = this.#sample()
    for (let isSteady = false; !isSteady; ) {
      await sleep(SAMPLE_INTERVAL_MS)
      const now = this.#sample()
      isSteady = now.descriptors === previous.descriptors && now.threads === previous.threads
      previous = now
    }
    return previous
  }

  /** How long that takes says nothing about growth. */
  async #beginStrategies(): Promise<void> {
    this.#startHosts()
    await this.#within('every strategy is served', () => this.#servedCount === this.#plan.strategies)
  }

  /** Crashes and disappearances, for a given time. */
  async #rage(): Promise<void> {
    const beganMs = performance.now()
    const endMs = beganMs + this.#plan.seconds * 1000
    const warmMs = beganMs + this.#plan.seconds * 1000 * WARM_SHARE
    let nextSampleMs = warmMs
    while (performance.now() < endMs && this.#broken.length === 0) {
      this.#startHosts()
      if (performance.now() >= nextSampleMs) {
        this.#samples.push(this.#sample())
        nextSampleMs = performance.now() + SAMPLE_INTERVAL_MS
      }
      await sleep(this.#random.integer(20, 180))
      await this.#strike()
    }
  }

  async #strike(): Promise<void> {
    const group = this.#random.pick(this.#groups)
    const chance = this.#random.fraction()
    // A host lives for about two seconds on average, for any number of hosts.
    const isDeadly = this.#random.chance(this.#groups.length / 20)
    if (chance < 0.6) {
      if (isDeadly) await this.#kill(group)
      return
    }
    if (chance < 0.7) await this.#kill(group)
    this.#departures.vanish(this.#random.pick(group.names), this.#random.chance(0.5) ? 'moved' : 'deleted')
  }

  async #kill(group: Group): Promise<void> {
    const { host } = group
    if (host === undefined) return
    group.host = undefined
    group.startAtMs = performance.now() + this.#random.integer(0, 800)
    await host.kill()
    this.#kills++
  }

  #startHosts(): void {
    for (const group of this.#groups) {
      if (group.host !== undefined || performance.now() < group.startAtMs) continue
      const said: string[] = []
      group.host = new Actor(HOST, [this.#layout.root, String(this.#random.seed()), JSON.stringify(group.names)], {
        onLine: (line) => said.push(line),
        onEnd: (how) => this.#isEnding || this.#broken.push(`the host of ${group.names.join(' ')} ${how}: ${said.join(' | ')}`),
      })
    }
  }

  /** Every strategy is there, none sends: within a while every order has its answer. */
  async #settle(): Promise<{ orders: number; answers: number }> {
    for (const group of this.#groups) group.startAtMs = 0
    this.#startHosts()
    for (const { host } of this.#groups) host?.send('rest')
    const names = this.#groups.flatMap((group) => group.names)
    const look = () => names.map((name) => auditStrategy(this.#layout.strategy(name)))
    const isSettled = () => look().every(({ orders, answers, wasServed }) => wasServed && orders === answers)
    await this.#within('every order of the living is answered', isSettled, () =>
      look().flatMap(({ orders, answers, wasServed }, index) =>
        wasServed && orders === answers
          ? []
          : [
              `${names[index]} has ${orders} orders and ${answers} answers, served: ${wasServed}, ready: ${this.#isReady(names[index])}`,
            ],
      ),
    )
    const audits = look()
    this.#broken.push(...audits.flatMap(({ broken }) => broken))
    const sum = (key: 'orders' | 'answers') => audits.reduce((total, audit) => total + audit[key], 0)
    return { orders: sum('orders'), answers: sum('answers') }
  }

  #isReady(name = ''): boolean {
    return existsSync(this.#layout.strategy(name).ready)
  }

  /** All hosts die and all directories vanish. A router that leaks nothing then holds what it held before the first strategy came. */
  async #loseEverything(before: ProcessSample): Promise<ProcessSample> {
    for (const group of this.#groups) {
      await group.host?.kill()
      group.host = undefined
      for (const name of group.names) this.#departures.vanish(name, this.#random.chance(0.5) ? 'moved' : 'deleted')
    }
    const holdsNothing = () => {
      const { descriptors, queueMappings, threads } = this.#sample()
      return (
        descriptors <= before.descriptors + SHARED_DESCRIPTORS &&
        queueMappings === 0 &&
        threads <= before.threads + this.#sharedThreads
      )
    }
    await this.#within('the router holds nothing of the vanished', holdsNothing, () => [
      `before: ${JSON.stringify(before)}, now: ${JSON.stringify(this.#sample())}`,
      ...mappedFiles(this.#router.pid, this.#plan.folder),
    ])
    return this.#sample()
  }

  /** Of a process, not of a queue: one that waits for parked readers, one that prepares segments. */
  get #sharedThreads(): number {
    return 2
  }

  #conclude(found: Pick<SoakResult, 'orders' | 'answers' | 'before' | 'after'>): SoakResult {
    const departed = this.#departures.audit()
    const lines = measureFlatness(this.#samples)
    const growing = lines.filter(({ isFlat }) => !isFlat).map(({ measure, thirds }) => `${measure} grows: ${thirds.join(' -> ')}`)
    return {
      ...found,
      orders: found.orders + departed.orders,
      answers: found.answers + departed.answers,
      kills: this.#kills,
      moved: departed.moved,
      deleted: departed.deleted,
      lostWithDirectory: departed.lostWithDirectory,
      reported: departed.reported,
      reportedOrders: departed.reportedOrders,
      samples: this.#samples,
      lines,
      broken: [...this.#broken, ...departed.broken, ...growing],
    }
  }

  #sample(): ProcessSample {
    return sampleProcess(this.#router.pid, this.#plan.folder)
  }

  async #within(what: string, isSo: () => boolean, details: () => string[] = () => []): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS
    while (!isSo()) {
      if (performance.now() > deadlineMs) {
        this.#broken.push(`not reached: ${what}`, ...details(), ...this.#departures.lastLines)
        return
      }
      await sleep(100)
    }
  }
}
