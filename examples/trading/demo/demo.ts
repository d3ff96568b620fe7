import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedError, InterruptedError } from '../process/expected-error.js'
import type { FeedState, RouterState, StrategyState } from '../process/program-state.js'
import type { DemoOptions } from './demo-options.js'
import { Program } from './program.js'
import type { ProgressLine } from './progress-line.js'
import { formatCount } from './text.js'

/** Reach of the first strategy's average; each further one looks back longer, so that they do not all do the same. */
const FIRST_SPAN = 3
const SPAN_STEP = 4
const PROGRAMS = {
  feed: new URL('../feed/main.js', import.meta.url),
  strategy: new URL('../strategy/main.js', import.meta.url),
  router: new URL('../router/main.js', import.meta.url),
}
const LOOK_INTERVAL_MS = 50
/** How long starting programs may take, and programs that should finish may report nothing new. */
const STALL_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 3000
const KILL_AT_FRACTION = 0.5
/** For so long the killed strategy stays dead, while the others go on. */
const DEAD_MS = 400

/** A strategy and all the processes that it was, one after the other. */
export interface StrategyRole {
  readonly name: string
  /** See `MidCrossingSignal`. */
  readonly span: number
  readonly lives: Program<StrategyState>[]
}

/** When things happened. */
export interface DemoRun {
  /** The kill in the middle: which strategy, how much of the input was played, and for how long it was away. */
  readonly kill: { readonly strategy: string; readonly fraction: number; readonly deadMs: number }
  /** From the start of the feeds until the last answer was read. */
  readonly playedMs: number
}

export function strategyNames({ strategies }: DemoOptions): string[] {
  return Array.from({ length: strategies }, (_, index) => `strategy-${index + 1}`)
}

/** All processes of a demo: everything starts, plays, one strategy is killed and started again, everything finishes. */
export class Demo {
  readonly feeds: readonly Program<FeedState>[]
  readonly router: Program<RouterState>
  readonly strategies: readonly StrategyRole[]
  readonly #options: DemoOptions
  readonly #root: string
  readonly #progress: ProgressLine
  readonly #interrupt: AbortSignal
  /** Processes that were killed on purpose. */
  readonly #killed = new Set<Program>()

  /** Starts everything. */
  constructor(options: DemoOptions, root: string, user: { readonly progress: ProgressLine; readonly interrupt: AbortSignal }) {
    this.#options = options
    this.#root = root
    this.#progress = user.progress
    this.#interrupt = user.interrupt
    this.feeds = options.feeds.map(({ venue, args }) =>
      this.#start<FeedState>('feed', `feed ${venue}`, ['--venue', venue, ...args]),
    )
    this.router = this.#start<RouterState>('router', 'router', [])
    this.strategies = strategyNames(options).map((name, index) => {
      const span = FIRST_SPAN + index * SPAN_STEP
      return { name, span, lives: [this.#startStrategy(name, span)] }
    })
  }

  /**
   * @throws {@link ExpectedError} when a process fails or nothing goes on; {@link InterruptedError}
   */
  async run(): Promise<DemoRun> {
    const { feeds, router, strategies } = this
    const everybody = this.programs
    await this.#awaitAll('start', everybody)
    const startMs = performance.now()
    for (const program of everybody) program.send('start')

    await this.#until(() => this.fraction >= KILL_AT_FRACTION || haveEnded(feeds))
    const kill = await this.#killAndRestart(strategies.at(-1) as StrategyRole)
    await this.#until(() => haveEnded(feeds))

    await this.#drain(strategies.flatMap(({ lives }) => lives.slice(-1)))
    const playedMs = performance.now() - startMs
    await this.#drain([router])
    return { kill, playedMs }
  }

  get venues(): readonly string[] {
    return this.#options.feeds.map(({ venue }) => venue)
  }

  get programs(): readonly Program[] {
    return [...this.feeds, this.router, ...this.strategies.flatMap(({ lives }) => lives)]
  }

  /** How much of the input is played: that of the feed which has most still to play. */
  get fraction(): number {
    return Math.min(...this.feeds.map(({ state }) => state?.fraction ?? 0))
  }

  /** Ends what still runs: asks first, then does not ask. */
  async stop(): Promise<void> {
    const { programs } = this
    for (const program of programs) program.kill('SIGTERM')
    const timer = setTimeout(() => this.killAll(), STOP_TIMEOUT_MS)
    await Promise.all(programs.map(({ ended }) => ended))
    clearTimeout(timer)
  }

  /** Ends every program without a request. */
  killAll(): void {
    for (const program of this.programs) program.kill('SIGKILL')
  }

  #start<State>(program: keyof typeof PROGRAMS, name: string, args: readonly string[]): Program<State> {
    return new Program<State>(name, PROGRAMS[program], ['--root', this.#root, ...args])
  }

  #startStrategy(name: string, span: number): Program<StrategyState> {
    const venues = this.venues.flatMap((venue) => ['--feed', venue])
    return this.#start<StrategyState>('strategy', name, ['--name', name, '--span', String(span), ...venues])
  }

  /** Kills a strategy the hard way: it can do nothing about it and nothing after it. */
  async #killAndRestart({ name, span, lives }: StrategyRole): Promise<DemoRun['kill']> {
    const { fraction } = this
    const program = lives.at(-1) as Program<StrategyState>
    const killedMs = performance.now()
    this.#killed.add(program)
    program.kill('SIGKILL')
    await program.ended
    this.#progress.note(`${name} was killed with SIGKILL after ${program.state?.orders ?? 0} orders`)
    await this.#until(() => performance.now() - killedMs >= DEAD_MS)
    const reborn = this.#startStrategy(name, span)
    lives.push(reborn)
    await this.#awaitAll('start', [reborn])
    reborn.send('start')
    this.#progress.note(`${name} was started again: it found ${reborn.state?.orders ?? 0} orders in its queue`)
    return { strategy: name, fraction, deadMs: performance.now() - killedMs }
  }

  /** Lets programs finish what is there. */
  async #drain(programs: readonly Program[]): Promise<void> {
    for (const program of programs) program.send('drain')
    await this.#awaitAll('end', programs)
  }

  /** Waits until all programs started or ended; they may take long, but not report nothing new for long. */
  async #awaitAll(what: 'start' | 'end', programs: readonly Program[]): Promise<void> {
    let lastState = ''
    let lastChangeMs = performance.now()
    await this.#until(() => {
      const waitedFor = programs.filter(({ report, end }) => (what === 'start' ? report : end) === undefined)
      const state = JSON.stringify(programs.map(({ report }) => report))
      if (state !== lastState) lastChangeMs = performance.now()
      lastState = state
      if (performance.now() - lastChangeMs > STALL_TIMEOUT_MS)
        throw new ExpectedError(`Nothing new came from ${waitedFor.map(({ name }) => name).join(', ')}`)
      return waitedFor.length === 0
    })
  }

  /** Waits for a condition, showing progress and looking after every program. */
  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#interrupt.aborted) throw new InterruptedError('Interrupted')
      for (const program of this.programs) if (!this.#killed.has(program)) program.assertHealthy()
      if (condition()) return
      this.#progress.update(this.#progressText())
      await sleep(LOOK_INTERVAL_MS)
    }
  }

  /** How things stand, in one line; what matters most stands first, because a narrow terminal cuts the rest. */
  #progressText(): string {
    const { programs, fraction } = this
    const starting = programs.filter(({ report }) => report === undefined).length
    if (starting > 0 && fraction === 0) return `starting ${starting} of ${programs.length} processes`
    const states = this.strategies.map(({ lives }) => lives.findLast(({ state }) => state !== undefined)?.state)
    const running = this.strategies.filter(({ lives }) => lives.at(-1)?.report !== undefined && lives.at(-1)?.end === undefined)
    return [
      `${String(Math.floor(fraction * 100)).padStart(3)} %`,
      `${formatCount(sum(this.feeds, ({ state }) => state?.appended.count))} messages`,
      `${formatCount(sum(states, (state) => state?.orders))} orders`,
      `${formatCount(sum(states, (state) => state?.answers))} answers`,
      `${running.length}/${this.strategies.length} strategies`,
    ].join('  ')
  }
}

function haveEnded(programs: readonly Program[]): boolean {
  return programs.every(({ end }) => end !== undefined)
}

/** Adds up what is known. */
export function sum<T>(items: readonly T[], measure: (item: T) => number | undefined): number {
  return items.reduce((total, item) => total + (measure(item) ?? 0), 0)
}
