import type { Cast, StrategyRole } from './cast.js'
import { DemoError, InterruptedError } from './demo-error.js'
import type { Program } from './program.js'
import type { ProgressLine } from './progress-line.js'
import { progressText } from './progress-text.js'

const LOOK_INTERVAL_MS = 50
/** Starting means: Node, the addon, a segment or two reserved on disk. */
const START_TIMEOUT_MS = 60_000
/** How long programs that should finish may report nothing new. */
const STALL_TIMEOUT_MS = 30_000
const KILL_AT_FRACTION = 0.5
/** For so long the killed strategy stays dead, while the others go on. */
const DEAD_MS = 400

/** The kill in the middle. */
export interface PlannedKill {
  readonly strategy: string
  /** How much of the input was played. */
  readonly fraction: number
  readonly deadMs: number
}

/** When things happened. */
export interface DemoRun {
  readonly kill: PlannedKill
  /** From the start of the feeds until the last answer was read. */
  readonly playedMs: number
}

/** Directs a demo: everything starts, plays, one strategy is killed and started again, everything finishes. */
export class DemoDirector {
  readonly #cast: Cast
  readonly #progress: ProgressLine
  readonly #interrupt: AbortSignal

  constructor(cast: Cast, progress: ProgressLine, interrupt: AbortSignal) {
    this.#cast = cast
    this.#progress = progress
    this.#interrupt = interrupt
  }

  /**
   * @throws {@link DemoError} when a process fails or nothing goes on; {@link InterruptedError}
   */
  async run(): Promise<DemoRun> {
    const { feeds, router, strategies } = this.#cast
    const everybody = [...feeds, router, ...strategies.flatMap(({ lives }) => lives)]
    await this.#untilReady(everybody)
    const startMs = performance.now()
    for (const program of everybody) program.send('start')

    await this.#until(() => this.fraction >= KILL_AT_FRACTION || this.#haveEnded(feeds))
    const kill = await this.#killAndRestart(strategies[strategies.length - 1])
    await this.#until(() => this.#haveEnded(feeds))

    await this.#drain(strategies.flatMap(({ lives }) => lives.slice(-1)))
    const playedMs = performance.now() - startMs
    await this.#drain([router])
    return { kill, playedMs }
  }

  /** How much of the input is played: that of the feed which has most in front of it. */
  get fraction(): number {
    return Math.min(...this.#cast.feeds.map(({ state }) => state?.fraction ?? 0))
  }

  async #killAndRestart(role: StrategyRole | undefined): Promise<PlannedKill> {
    if (role === undefined) throw new DemoError('There is no strategy to kill')
    const { fraction } = this
    const killedMs = performance.now()
    await this.#cast.kill(role)
    this.#progress.note(`${role.name} was killed with SIGKILL after ${role.lives.at(-1)?.state?.orders ?? 0} orders`)
    await this.#until(() => performance.now() - killedMs >= DEAD_MS)
    const reborn = this.#cast.restart(role)
    await this.#untilReady([reborn])
    reborn.send('start')
    const deadMs = performance.now() - killedMs
    this.#progress.note(`${role.name} was started again: it found ${reborn.state?.orders ?? 0} orders in its queue`)
    return { strategy: role.name, fraction, deadMs }
  }

  async #untilReady(programs: readonly Program[]): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    const waitedFor = () => programs.filter(({ report }) => report === undefined)
    await this.#until(() => {
      if (performance.now() > deadline) throw new DemoError(`Not ready in time: ${namesOf(waitedFor())}`)
      return waitedFor().length === 0
    })
  }

  /** Lets programs finish what is there. */
  async #drain(programs: readonly Program[]): Promise<void> {
    for (const program of programs) program.send('drain')
    let lastState = ''
    let lastChangeMs = performance.now()
    await this.#until(() => {
      const state = JSON.stringify(programs.map((program) => program.report))
      if (state !== lastState) lastChangeMs = performance.now()
      lastState = state
      if (performance.now() - lastChangeMs > STALL_TIMEOUT_MS) {
        throw new DemoError(`Nothing new came from ${namesOf(programs.filter(({ end }) => end === undefined))}`)
      }
      return this.#haveEnded(programs)
    })
  }

  #haveEnded(programs: readonly Program[]): boolean {
    return programs.every(({ end }) => end !== undefined)
  }

  /** Waits for a condition, showing progress and looking after every program. */
  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#interrupt.aborted) throw new InterruptedError('Interrupted')
      this.#cast.assertHealthy()
      if (condition()) return
      this.#progress.update(progressText(this.#cast, this.fraction))
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
    }
  }
}

function namesOf(programs: readonly Program[]): string {
  return programs.map(({ name }) => name).join(', ')
}
