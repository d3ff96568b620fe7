import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../random.js'
import { Actor } from './actor.js'
import { checkAtRest } from './check-at-rest.js'
import { Ledger, READER_DELIVERED } from './ledger.js'
import { planRound, type RoundPlan } from './round-plan.js'

export interface RoundOptions {
  /** A folder that does not exist yet. */
  readonly folder: string
  readonly seed: number
  /** Kills until the round ends. */
  readonly kills: number
  /** Ends the round before that. */
  readonly isOver?: () => boolean
}

export interface RoundResult {
  readonly plan: RoundPlan
  readonly kills: number
  readonly checks: number
  readonly appended: number
  /** Empty when all promises were kept. */
  readonly broken: readonly string[]
}

/** Bound for anything that must happen: generous, because nothing here is about speed. */
const PATIENCE_MS = 60_000
/** Kills between two looks at the queue at rest. */
const KILLS_PER_CHECK = 12

/** One queue's life: processes are killed at random instants, and after each death everything must go on; now and then all are killed and the queue is looked at. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  return await new Round(options).run()
}

class Round {
  readonly #options: RoundOptions
  readonly #random: Random
  readonly #plan: RoundPlan
  readonly #directory: string
  readonly #ledger: Ledger
  readonly #broken: string[] = []
  readonly #writer: Actor
  readonly #repairer: Actor
  readonly #readers: readonly Actor[]
  readonly #survivors: readonly Actor[]
  #kills = 0
  #checks = 0
  #turn: Promise<void> = Promise.resolve()

  constructor(options: RoundOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#plan = planRound(this.#random)
    mkdirSync(options.folder, { recursive: true })
    this.#directory = join(options.folder, 'queue')
    this.#ledger = Ledger.open(this.#ledgerPath)
    const { readers, visitors, survivors } = this.#plan
    this.#writer = this.#actor('writer', 'writer', () => [JSON.stringify(this.#plan)])
    this.#repairer = this.#actor('repairer', 'repairer', () => [])
    this.#readers = [
      this.#actor('observer', 'observer', () => ['observer']),
      ...range(readers).map((i) => this.#actor(`reader-${i}`, 'reader', () => [`reader-${i}`, i])),
      ...range(visitors).map((i) => this.#actor(`visitor-${i}`, 'reader', () => [`visitor-${i}`, 4 + i, 'visits'])),
    ]
    this.#survivors = range(survivors).map((i) => this.#actor(`survivor-${i}`, 'reader', () => [`survivor-${i}`, 8 + i]))
  }

  async run(): Promise<RoundResult> {
    try {
      await this.#startAll()
      const before = this.#survivors.map((survivor) => survivor.holdings(this.#directory))
      const hunts = [this.#writer, ...this.#readers].map((victim) => this.#hunt(victim, new Random(this.#random.seed())))
      await Promise.all([...hunts, this.#lookNowAndThen()])
      if (this.#broken.length === 0) await this.#finish(before)
      const { appended } = this.#ledger
      return { plan: this.#plan, kills: this.#kills, checks: this.#checks, appended, broken: this.#broken }
    } finally {
      for (const actor of this.#all) await actor.kill()
      this.#ledger.close()
    }
  }

  get #ledgerPath(): string {
    return join(this.#options.folder, 'ledger')
  }

  get #all(): readonly Actor[] {
    return [this.#writer, this.#repairer, ...this.#readers, ...this.#survivors]
  }

  /** Every life of an actor has a seed of its own, in an order that does not depend on the others. */
  #actor(name: string, program: string, more: () => readonly (string | number)[]): Actor {
    const lives = new Random(this.#random.seed())
    return new Actor(name, program, {
      arguments: () => [this.#directory, this.#ledgerPath, lives.seed(), ...more()],
      onBroken: (message) => this.#broken.push(message),
    })
  }

  /** The writer first: there is no queue before it. */
  async #startAll(): Promise<void> {
    this.#writer.start()
    await this.#until(() => this.#writer.isReady, 'the writer opens')
    for (const actor of [...this.#readers, ...this.#survivors]) actor.start()
    await this.#until(() => [...this.#readers, ...this.#survivors].every((actor) => actor.isReady), 'all open')
  }

  get #isOver(): boolean {
    return this.#kills >= this.#options.kills || this.#options.isOver?.() === true || this.#broken.length > 0
  }

  /** Kills one actor over and over, at instants drawn before anything is known of what it does then. */
  async #hunt(victim: Actor, random: Random): Promise<void> {
    while (!this.#isOver) {
      const delayMs = random.fraction() * random.pick([1, 5, 30, 100])
      // Some are killed while they are still opening.
      if (!random.chance(0.15)) await this.#until(() => victim.isReady, `${victim.name} opens`)
      await pause(delayMs)
      await this.#alone(async () => {
        await victim.kill()
        this.#kills++
        if (victim === this.#writer && random.chance(0.15)) await this.#repair(random)
        victim.start()
      })
    }
  }

  /** As an operator may do while no writer runs; the repairer may be killed like everybody else. */
  async #repair(random: Random): Promise<void> {
    const delayMs = random.fraction() * 60
    const isKilled = random.chance(0.5)
    this.#repairer.start()
    await this.#until(() => this.#repairer.isReady, 'the repairer begins')
    if (isKilled) {
      await pause(delayMs)
      await this.#repairer.kill()
      this.#kills++
    } else {
      await this.#repairer.ended()
    }
  }

  async #lookNowAndThen(): Promise<void> {
    while (!this.#isOver) {
      const next = this.#kills + KILLS_PER_CHECK
      while (this.#kills < next && !this.#isOver) await pause(5)
      await this.#alone(async () => {
        await this.#writer.kill()
        this.#look(false)
        this.#writer.start()
      })
    }
  }

  /** One at a time: whoever looks at the queue wants no writer. */
  async #alone(task: () => Promise<void>): Promise<void> {
    const before = this.#turn
    this.#turn = before.then(task)
    await this.#turn
  }

  #look(settled: boolean): void {
    this.#checks++
    this.#broken.push(...checkAtRest({ directory: this.#directory, ledger: this.#ledger, settled }))
  }

  /** Everybody reads to the end; then a last writer opens and closes, and nothing is left behind. */
  async #finish(before: readonly { descriptors: number; mappings: number }[]): Promise<void> {
    await this.#writer.kill()
    const settler = new Actor('settle', 'settle', {
      arguments: () => [this.#directory, this.#ledgerPath],
      onBroken: (message) => this.#broken.push(message),
    })
    settler.start()
    await this.#until(() => settler.isReady, 'the last writer opens')
    await settler.ended()
    await this.#readToTheEnd()
    this.#survivors.forEach((survivor, i) => {
      this.#compareHoldings(survivor, before[i] ?? { descriptors: 0, mappings: 0 })
    })
    for (const actor of this.#all) await actor.kill()
    this.#look(true)
  }

  async #readToTheEnd(): Promise<void> {
    const end = this.#ledger.appended
    const delivered = (index: number) => this.#ledger.reader(8 + index, READER_DELIVERED)
    await this.#until(() => this.#survivors.every((_, index) => delivered(index) >= end), `the survivors read ${end} messages`)
  }

  #compareHoldings(survivor: Actor, before: { descriptors: number; mappings: number }): void {
    const after = survivor.holdings(this.#directory)
    const grew = after.descriptors > before.descriptors + 4 || after.mappings > before.mappings + 4
    if (grew) this.#broken.push(`${survivor.name} holds ${JSON.stringify(after)}, at first ${JSON.stringify(before)}`)
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    while (!condition() && this.#broken.length === 0) {
      if (performance.now() > deadline) {
        const states = this.#all.map(
          (actor) => `${actor.name}${actor.isRunning ? '' : ' (gone)'}${actor.isReady ? '' : ' (not ready)'}`,
        )
        this.#broken.push(
          `within ${PATIENCE_MS} ms it did not happen that ${what}: ${states.join(', ')}; ${readdirSync(this.#directory).length} files`,
        )
        return
      }
      await pause(1)
    }
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
