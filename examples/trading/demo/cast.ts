import type { FeedState, RouterState, StrategyState } from '../process/program-state.js'
import { DemoError } from './demo-error.js'
import type { DemoOptions, FeedPlan } from './demo-options.js'
import { Program } from './program.js'

/** Reach of the first strategy's average; each further one looks back longer, so that they do not all do the same. */
const FIRST_SPAN = 3
const SPAN_STEP = 4
const PROGRAMS = {
  feed: new URL('../feed/main.js', import.meta.url),
  strategy: new URL('../strategy/main.js', import.meta.url),
  router: new URL('../router/main.js', import.meta.url),
}
const STOP_TIMEOUT_MS = 3000

/** A strategy and all the processes that it was, one after the other. */
export interface StrategyRole {
  readonly name: string
  /** See `MidCrossingSignal`. */
  readonly span: number
  readonly lives: Program<StrategyState>[]
}

export function strategyNames({ strategies }: DemoOptions): string[] {
  return Array.from({ length: strategies }, (_, index) => `strategy-${index + 1}`)
}

/** All processes of a demo. */
export class Cast {
  readonly feeds: readonly Program<FeedState>[]
  readonly router: Program<RouterState>
  readonly strategies: readonly StrategyRole[]
  readonly #options: DemoOptions
  readonly #root: string
  /** Processes that were killed on purpose. */
  readonly #killed = new Set<Program>()

  /** Starts everything. */
  constructor(options: DemoOptions, root: string) {
    this.#options = options
    this.#root = root
    this.feeds = options.feeds.map(
      (plan) => new Program<FeedState>(`feed ${plan.venue}`, PROGRAMS.feed, this.#feedArguments(plan)),
    )
    this.router = new Program<RouterState>('router', PROGRAMS.router, ['--root', root])
    this.strategies = strategyNames(options).map((name, index) => {
      const span = FIRST_SPAN + index * SPAN_STEP
      return { name, span, lives: [this.#startStrategy(name, span)] }
    })
  }

  get venues(): readonly string[] {
    return this.#options.feeds.map(({ venue }) => venue)
  }

  /** The processes that should be running or have ended well. */
  get current(): readonly Program[] {
    return [...this.feeds, this.router, ...this.strategies.flatMap(({ lives }) => lives.slice(-1))].filter(
      (program) => !this.#killed.has(program),
    )
  }

  /** Kills a strategy the hard way: it can do nothing about it and nothing after it. */
  async kill(role: StrategyRole): Promise<void> {
    const program = role.lives.at(-1)
    if (program === undefined) return
    this.#killed.add(program)
    program.kill('SIGKILL')
    await program.ended
  }

  restart(role: StrategyRole): Program<StrategyState> {
    const program = this.#startStrategy(role.name, role.span)
    role.lives.push(program)
    return program
  }

  /** @throws {@link DemoError} when a process ended that should not have, or not well */
  assertHealthy(): void {
    for (const program of this.current) {
      const { end, name, report, stderr } = program
      if (end === undefined || (end.code === 0 && report?.phase === 'done')) continue
      const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`
      throw new DemoError(stderr === '' ? `${name} ended unexpectedly: ${how}` : `${name} ended (${how}): ${stderr}`)
    }
  }

  /** Ends what still runs: asks first, then does not ask. */
  async stop(): Promise<void> {
    const programs = [...this.feeds, this.router, ...this.strategies.flatMap(({ lives }) => lives)]
    for (const program of programs) program.kill('SIGTERM')
    const timer = setTimeout(() => {
      for (const program of programs) program.kill('SIGKILL')
    }, STOP_TIMEOUT_MS)
    await Promise.all(programs.map(({ ended }) => ended))
    clearTimeout(timer)
  }

  /** Ends every program without a request. */
  killAll(): void {
    for (const program of this.current) program.kill('SIGKILL')
  }

  #startStrategy(name: string, span: number): Program<StrategyState> {
    const venues = this.#options.feeds.flatMap(({ venue }) => ['--feed', venue])
    const common = ['--root', this.#root, '--name', name, '--span', String(span)]
    return new Program<StrategyState>(name, PROGRAMS.strategy, [...common, ...venues])
  }

  #feedArguments(plan: FeedPlan): string[] {
    const common = ['--root', this.#root, '--venue', plan.venue]
    if ('liveSeconds' in plan) return [...common, '--live', plan.venue, '--seconds', String(plan.liveSeconds)]
    const speed = Number.isFinite(this.#options.speed) ? String(this.#options.speed) : 'max'
    return [...common, '--speed', speed, '--', ...plan.files]
  }
}
