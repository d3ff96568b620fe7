import type { Act } from './acts.js'

/** What happened in one queue's life, or in many: counts by name, and the longest stall. */
export class Tally {
  readonly #counts = new Map<string, number>()
  #stallMsMax = 0

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count)
  }

  addKill(role: string, act: Act): void {
    this.add(`killed ${role}`)
    this.add(`killed ${role} in ${act}`)
  }

  addStall(ms: number): void {
    this.#stallMsMax = Math.max(this.#stallMsMax, ms)
  }

  addAll(other: Tally): void {
    for (const [name, count] of other.#counts) this.add(name, count)
    this.addStall(other.#stallMsMax)
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** All kills, of any process. */
  get kills(): number {
    return [...this.#counts].reduce((sum, [name, count]) => (/^killed \S+$/.test(name) ? sum + count : sum), 0)
  }

  /** Milliseconds from an append until a survivor that waited for it had it, at the longest. */
  get stallMsMax(): number {
    return this.#stallMsMax
  }

  /** One line per role that was killed, with what it was doing; then everything else on a line. */
  describe(): string[] {
    const names = [...this.#counts.keys()].sort()
    const roles = names.filter((name) => /^killed \S+$/.test(name))
    const others = names.filter((name) => !name.startsWith('killed '))
    return [
      ...roles.map((role) => `${role}: ${this.count(role)} (${this.#acts(names, role)})`),
      others.map((name) => `${name} ${this.count(name)}`).join(', '),
    ]
  }

  #acts(names: readonly string[], role: string): string {
    const acts = names.filter((name) => name.startsWith(`${role} in `))
    return acts
      .sort((one, other) => this.count(other) - this.count(one))
      .map((name) => `${name.slice(`${role} in `.length)} ${this.count(name)}`)
      .join(', ')
  }
}
