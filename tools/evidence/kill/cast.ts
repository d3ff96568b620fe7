import { Random } from '../random.js'
import { Actor, type ActorOptions } from './actor.js'
import { OBSERVER_INDEX, PRUNER_INDEX, REPAIRER_INDEX, WRITER_INDEX } from './ledger.js'
import type { RoundPlan } from './round-plan.js'

/** A process that may be killed. */
export interface Role {
  /** 'writer', 'reader', ... */
  readonly kind: string
  readonly actor: Actor
  /** Where it stands in the ledger. */
  readonly index: number
}

export interface CastOptions extends Pick<ActorOptions, 'onBroken'> {
  readonly directory: string
  readonly ledgerPath: string
  readonly plan: RoundPlan
  /** Draws the seeds of all lives. */
  readonly random: Random
  /** Called with what the writer found when it opened. */
  readonly onRecovery: (cases: string) => void
}

const FIRST_VISITOR = 4
const FIRST_SURVIVOR = 8

/** All processes that take part in one queue's life. */
export class Cast {
  readonly writer: Role
  readonly pruner: Role
  readonly repairer: Role
  /** Observer, readers and visitors: hunted from the beginning to the end. */
  readonly others: readonly Role[]
  readonly survivors: readonly Role[]
  readonly #options: CastOptions

  constructor(options: CastOptions) {
    this.#options = options
    const { plan } = options
    this.writer = this.#role('writer', { index: WRITER_INDEX, more: () => [JSON.stringify(plan)] })
    this.pruner = this.#role('pruner', { index: PRUNER_INDEX })
    this.repairer = this.#role('repairer', { index: REPAIRER_INDEX })
    this.others = [
      this.#role('observer', { index: OBSERVER_INDEX, more: () => ['observer'] }),
      ...range(plan.readers).map((i) => this.#reader('reader', i)),
      ...range(plan.visitors).map((i) => this.#reader('visitor', FIRST_VISITOR + i)),
    ]
    this.survivors = range(plan.survivors).map((i) => this.#reader('survivor', FIRST_SURVIVOR + i))
  }

  get all(): readonly Role[] {
    return [this.writer, this.pruner, this.repairer, ...this.others, ...this.survivors]
  }

  /** Opens the queue for writing and closes it, once. */
  settler(): Actor {
    return this.#role('settler', { index: WRITER_INDEX, program: 'settle' }).actor
  }

  #reader(kind: string, index: number): Role {
    const more = () => [`${kind}-${index}`, index, ...(kind === 'visitor' ? ['visits'] : [])]
    return this.#role(kind, { index, program: 'reader', more })
  }

  /** Every life of an actor has a seed of its own, in an order that does not depend on the others. */
  #role(kind: string, facts: { index: number; program?: string; more?: () => readonly (string | number)[] }): Role {
    const { directory, ledgerPath, onBroken, onRecovery } = this.#options
    const { index, program = kind, more = () => [] } = facts
    const lives = new Random(this.#options.random.seed())
    const name = facts.program === 'reader' ? `${kind}-${index}` : kind
    const actor = new Actor(name, program, {
      arguments: () => [directory, ledgerPath, lives.seed(), ...more()],
      onBroken,
      ...(kind === 'writer' ? { onReady: onRecovery } : {}),
    })
    return { kind, actor, index }
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
