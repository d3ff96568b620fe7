import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../random.js'
import type { Actor } from './actor.js'
import { Cast, type Role } from './cast.js'
import { checkAtRest } from './check-at-rest.js'
import { Hunt } from './hunt.js'
import { Ledger } from './ledger.js'
import { quarantinedCount, segmentRange } from './queue-files.js'
import { planRound, type RoundPlan } from './round-plan.js'
import { Survivors } from './survivors.js'
import { Tally } from './tally.js'

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
  readonly tally: Tally
  /** Empty when all promises were kept. */
  readonly broken: readonly string[]
}

/** Bound for anything that must happen: generous, because nothing here is about speed. */
const PATIENCE_MS = 60_000
/** Longest absence of a reader. */
const AWAY_MS = 600
/** Kills between two looks at the queue at rest. */
const KILLS_PER_CHECK = 12
/** What only a machine that stopped, or an operator, leaves: a writer that finds it after nothing but kills was left something that it should not. */
const NEVER_BY_KILLS = new Set([
  'corrupt-tail',
  'unsynced-tail',
  'unsynced-deletion',
  'lost-control',
  'control-behind',
  'bad-write-offset',
  'missing-head',
])

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
  readonly #cast: Cast
  readonly #survivors: Survivors
  readonly #tally = new Tally()
  readonly #broken: string[] = []
  #kills = 0
  #checks = 0
  #turn: Promise<void> = Promise.resolve()

  constructor(options: RoundOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#plan = planRound(this.#random)
    mkdirSync(options.folder, { recursive: true })
    this.#directory = join(options.folder, 'queue')
    const ledgerPath = join(options.folder, 'ledger')
    this.#ledger = Ledger.open(ledgerPath)
    this.#cast = new Cast({
      directory: this.#directory,
      ledgerPath,
      plan: this.#plan,
      random: this.#random,
      onBroken: (message) => this.#broken.push(message),
      onRecovery: (cases) => this.#noteRecovery(cases),
    })
    this.#survivors = new Survivors(this.#cast.survivors, this.#directory, this.#ledger)
  }

  async run(): Promise<RoundResult> {
    try {
      await this.#startAll()
      const { writer, others } = this.#cast
      this.#survivors.begin()
      const hunts = [writer, ...others].map((role) => this.#hunt(role, new Random(this.#random.seed())))
      await Promise.all([...hunts, this.#lookNowAndThen()])
      if (this.#broken.length === 0) await this.#finish()
      this.#count()
      const { appended } = this.#ledger
      return {
        plan: this.#plan,
        kills: this.#kills,
        checks: this.#checks,
        appended,
        tally: this.#tally,
        broken: this.#broken,
      }
    } finally {
      for (const { actor } of this.#cast.all) await actor.dismiss()
      this.#ledger.close()
    }
  }

  /** The writer first: there is no queue before it. */
  async #startAll(): Promise<void> {
    const { writer, others, survivors, all } = this.#cast
    await Promise.all(all.map(({ actor }) => actor.standBy()))
    writer.actor.start()
    await this.#until(() => writer.actor.isReady, 'the writer opens')
    for (const { actor } of [...others, ...survivors]) actor.start()
    await this.#until(() => [...others, ...survivors].every(({ actor }) => actor.isReady), 'all open')
  }

  readonly #isOver = (): boolean =>
    this.#kills >= this.#options.kills || this.#options.isOver?.() === true || this.#broken.length > 0

  /** Kills one actor over and over. The next life is loaded before the present one ends, so that most of the time all live. */
  async #hunt(victim: Role, random: Random): Promise<void> {
    const { actor } = victim
    const hunt = new Hunt(victim, this.#ledger, random)
    while (!this.#isOver()) {
      await actor.standBy()
      // Some are killed while they are still opening.
      if (!random.chance(0.25)) await this.#until(() => actor.isReady, `${actor.name} opens`)
      await hunt.instant(this.#isOver)
      const isAway = this.#staysAway(victim, random)
      await this.#alone(async () => {
        await this.#kill(victim)
        if (victim === this.#cast.writer) await this.#keepHouse(random)
        if (!isAway) actor.start()
      })
      if (!isAway) continue
      await pause(random.fraction() * AWAY_MS)
      await this.#alone(async () => actor.start())
    }
  }

  /** A reader that is dead for a while has not read what comes meanwhile, and the pruner must not take it. A bounded queue would only stand still. */
  #staysAway({ kind }: Role, random: Random): boolean {
    return this.#plan.maxSegments === 0 && kind === 'reader' && random.chance(0.5)
  }

  async #kill({ actor, index, kind }: Role): Promise<void> {
    if (!(await actor.kill())) return
    this.#kills++
    this.#tally.addKill(kind, this.#ledger.actOf(index))
    this.#ledger.setAct(index, 'nothing')
  }

  /** What an operator may do while no writer runs. */
  async #keepHouse(random: Random): Promise<void> {
    const choice = random.fraction()
    if (choice < 0.12) await this.#run(this.#cast.repairer, random)
    else if (choice < 0.3) await this.#run(this.#cast.pruner, random)
  }

  /** The pruner and the repairer may be killed like every other process. */
  async #run(role: Role, random: Random): Promise<void> {
    const { actor, kind, index } = role
    const isKilled = random.chance(0.6)
    const before = segmentRange(this.#directory).lowest
    await actor.standBy()
    actor.start()
    await this.#until(() => actor.isReady, `the ${kind} begins`)
    if (isKilled) {
      await pause(random.fraction() * random.pick([2, 10, 30]))
      await this.#kill(role)
    } else {
      await actor.ended()
    }
    this.#ledger.setAct(index, 'nothing')
    this.#tally.add(`runs of the ${kind}`)
    if (role !== this.#cast.pruner) return
    this.#tally.add('segments deleted by the pruner', segmentRange(this.#directory).lowest - before)
  }

  async #lookNowAndThen(): Promise<void> {
    while (!this.#isOver()) {
      const next = this.#kills + KILLS_PER_CHECK
      while (this.#kills < next && !this.#isOver()) await pause(5)
      await this.#alone(async () => {
        await this.#kill(this.#cast.writer)
        this.#look(false)
        this.#broken.push(...this.#survivors.checkHoldings())
        this.#cast.writer.actor.start()
      })
    }
  }

  /** One at a time: a look at the queue needs it without a writer. */
  async #alone(task: () => Promise<void>): Promise<void> {
    const before = this.#turn
    this.#turn = before.then(task)
    await this.#turn
  }

  #look(settled: boolean): void {
    this.#checks++
    this.#broken.push(...checkAtRest({ directory: this.#directory, ledger: this.#ledger, settled, kills: this.#kills }))
  }

  /** Every reader reads to the end; then a last writer opens and closes, and nothing remains. */
  async #finish(): Promise<void> {
    await this.#cast.writer.actor.kill()
    const settler = this.#cast.settler()
    settler.start()
    await this.#until(() => settler.isReady, 'the last writer opens')
    await settler.ended()
    const end = this.#ledger.appended
    await this.#until(() => this.#survivors.hasReadTo(end), `the survivors read ${end} messages`)
    this.#broken.push(...this.#survivors.checkHoldings())
    for (const { actor } of this.#cast.all) await actor.kill()
    this.#look(true)
  }

  #noteRecovery(cases: string): void {
    for (const found of cases.split(' ')) {
      if (found !== '') this.#tally.add(`recovery of ${found}`)
      if (NEVER_BY_KILLS.has(found)) this.#broken.push(`a writer had to recover from ${found}`)
    }
  }

  #count(): void {
    const { lowest, highest } = segmentRange(this.#directory)
    this.#tally.add('queues')
    this.#tally.add('messages', this.#ledger.appended)
    this.#tally.add('rolls', highest)
    this.#tally.add('rolls by age', this.#ledger.rollsByAge)
    this.#tally.add('segments deleted', lowest)
    this.#tally.add('files in quarantine', quarantinedCount(this.#directory))
    this.#survivors.count(this.#tally)
    this.#broken.push(...this.#survivors.checkStalls())
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    while (!condition() && this.#broken.length === 0) {
      if (performance.now() > deadline) {
        this.#broken.push(`within ${PATIENCE_MS} ms it did not happen that ${what}: ${this.#describeCast()}`)
        return
      }
      await pause(1)
    }
  }

  #describeCast(): string {
    const states = this.#cast.all.map(({ actor, index }) => `${describeActor(actor)} in ${this.#ledger.actOf(index)}`)
    return `${states.join(', ')}; ${readdirSync(this.#directory).length} files`
  }
}

function describeActor(actor: Actor): string {
  return `${actor.name}${actor.isRunning ? '' : ' (gone)'}${actor.isReady ? '' : ' (not ready)'}`
}
