import type { RowResult } from './run-operation.js'

interface Counts {
  cases: number
  reported: number
  broken: number
}

/** Counts cases by operation and by fault. A case in which no call failed is the end of a row, and not counted. */
export class Tally {
  readonly #byOperation = new Map<string, Counts>()
  readonly #byFault = new Map<string, Counts>()
  /** How often each kind of finding was made, with the first case that made it. */
  readonly #kinds = new Map<string, { count: number; readonly first: string }>()
  broken = 0
  cases = 0

  add(operation: string, { fault, hit, codes, findings }: RowResult): void {
    const isBroken = findings.length > 0
    if (isBroken) this.broken++
    if (hit.fired === 0 && !isBroken) return
    this.cases++
    for (const counts of [countsOf(this.#byOperation, operation), countsOf(this.#byFault, fault.name)]) {
      counts.cases++
      if (codes.length > 0) counts.reported++
      if (isBroken) counts.broken++
    }
  }

  lineOf(operation: string): string {
    return line(operation, countsOf(this.#byOperation, operation))
  }

  /** Takes a finding under its kind, which leaves numbers and folders out; returns how many of its kind there were before. */
  addFinding(finding: string, where: string): number {
    const kind = finding.replace(/\/\S*\/case-[\d-]+/g, '').replace(/\d+/g, '#')
    const known = this.#kinds.get(kind) ?? { count: 0, first: `${where}\n      ${finding}` }
    this.#kinds.set(kind, known)
    return known.count++
  }

  kinds(): string {
    const sorted = [...this.#kinds.values()].sort((a, b) => b.count - a.count)
    return sorted.map(({ count, first }) => `${String(count).padStart(6)} times, first ${first}`).join('\n')
  }

  summary(): string {
    const faults = [...this.#byFault].map(([name, counts]) => line(name, counts))
    return [...faults, `${this.cases} failing calls, ${this.broken} broke a promise.`].join('\n')
  }
}

function countsOf(map: Map<string, Counts>, name: string): Counts {
  const known = map.get(name)
  if (known !== undefined) return known
  const counts = { cases: 0, reported: 0, broken: 0 }
  map.set(name, counts)
  return counts
}

function line(name: string, { cases, reported, broken }: Counts): string {
  return `${name.padEnd(36)} ${String(cases).padStart(6)} cases ${String(reported).padStart(6)} reported ${String(broken).padStart(5)} broken`
}
