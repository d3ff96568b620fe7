import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BusLayout } from '@chronicle-ts/bus'
import { auditStrategy } from './audit.js'
import { type Vanishing, vanish } from './vanish.js'

/** A strategy's directory that vanished. */
interface Departure {
  readonly name: string
  readonly how: Vanishing
  /** Where its files are now. */
  readonly layout: BusLayout
  /** Orders that could be read when it vanished. */
  readonly promised: number
  /** Whether a router had made the queue of the answers by then. */
  readonly wasServed: boolean
  /** Complaints of the router about strategies of this name until then. */
  readonly complaintsBefore: number
}

/** What became of the orders in vanished directories. */
export interface DeparturesAudit {
  readonly moved: number
  readonly deleted: number
  readonly orders: number
  readonly answers: number
  readonly lostWithDirectory: number
  /** Directories of which the router said that something is wrong, and their orders without an answer. */
  readonly reported: number
  readonly reportedOrders: number
  readonly broken: readonly string[]
}

/**
 * Directories that vanish, and what is promised for their orders:
 *
 * - An order that could be read in a directory that a router served, before that directory vanished, is answered (in the mapped queue, which outlives its name). Or the router
 *   says that something is wrong with that strategy.
 * - An order that came after the vanishing, through a mapping that its writer still had, may be answered and may be not; none is answered twice or out of order.
 * - A directory that vanished before any router served it takes its orders along: no process could know of them.
 */
export class Departures {
  readonly #layout: BusLayout
  readonly #folder: string
  readonly #departures: Departure[] = []
  /** What the router said, by strategy. */
  readonly #complaints = new Map<string, string[]>()
  readonly lastLines: string[] = []

  constructor(layout: BusLayout, folder: string) {
    this.#layout = layout
    this.#folder = folder
  }

  /** A line that the router wrote to stderr. */
  hear(line: string): void {
    this.lastLines.push(line)
    if (this.lastLines.length > 12) this.lastLines.shift()
    const name = /^([\w-]+): /.exec(line)?.[1]
    if (name !== undefined) this.#complaints.set(name, [...this.#complaintsOf(name), line])
  }

  /** Takes a strategy's directory away, if there is one. */
  vanish(name: string, how: Vanishing): void {
    const paths = this.#layout.strategy(name)
    if (!existsSync(paths.directory)) return
    const { orders, wasServed, broken } = auditStrategy(paths)
    if (broken.length > 0) throw new Error(broken.join('; '))
    const layout = new BusLayout(join(this.#folder, String(this.#departures.length)))
    const complaintsBefore = this.#complaintsOf(name).length
    vanish(paths.directory, layout.strategy(name).directory, how)
    this.#departures.push({ name, how, layout, promised: orders, wasServed, complaintsBefore })
  }

  /** Reads what is left of them all, once no process has them open any more. */
  audit(): DeparturesAudit {
    const total = { moved: 0, deleted: 0, orders: 0, answers: 0, lostWithDirectory: 0, reported: 0, reportedOrders: 0 }
    const broken: string[] = []
    for (const { name, how, layout, promised, wasServed, complaintsBefore } of this.#departures) {
      const audit = auditStrategy(layout.strategy(name))
      total[how]++
      total.orders += audit.orders
      total.answers += audit.answers
      broken.push(...audit.broken.map((what) => `${layout.root}: ${what}`))
      const due = wasServed ? promised : 0
      total.lostWithDirectory += audit.orders - Math.max(due, audit.answers)
      if (audit.answers >= due) continue
      if (this.#complaintsOf(name).length > complaintsBefore) {
        total.reported++
        total.reportedOrders += due - audit.answers
      } else
        broken.push(
          `${layout.root}: ${name} was ${how} with ${promised} orders, ${audit.answers} were answered, and no error was reported`,
        )
    }
    return { ...total, broken }
  }

  #complaintsOf(name: string): readonly string[] {
    return this.#complaints.get(name) ?? []
  }
}
