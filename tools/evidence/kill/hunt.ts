import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../random.js'
import { type Act, PREY } from './acts.js'
import type { Role } from './cast.js'
import type { Ledger } from './ledger.js'

/** Longest wait for an act that the victim may never come to in this life. */
const AMBUSH_MS = 60

/** The instant at which a victim is killed: drawn before anything is known of what it does then, or the moment it begins a certain act. */
export class Hunt {
  readonly #role: Role
  readonly #ledger: Ledger
  readonly #random: Random

  constructor(role: Role, ledger: Ledger, random: Random) {
    this.#role = role
    this.#ledger = ledger
    this.#random = random
  }

  /** Resolves when it is time. */
  async instant(isOver: () => boolean): Promise<void> {
    const prey = PREY[this.#role.kind] ?? []
    if (prey.length > 0 && this.#random.chance(0.6)) await this.#ambush(this.#random.pick(prey), isOver)
    else await pause(this.#random.fraction() * this.#random.pick([1, 5, 30, 100]))
  }

  async #ambush(act: Act, isOver: () => boolean): Promise<void> {
    const deadline = performance.now() + AMBUSH_MS
    const { index } = this.#role
    while (this.#ledger.actOf(index) !== act && performance.now() < deadline && !isOver()) await pause(1)
    // Also after the beginning of the act, which is when most of it happens.
    if (this.#random.chance(0.5)) await pause(this.#random.fraction() * 3)
  }
}
