import type { Floor } from '../floor/compile-floor.js'

/** What one round of a probe found: a number for each key, in the unit that the key ends with. */
export type Figures = Readonly<Record<string, number>>

export interface ProbeContext {
  /** Folder for the probe's files: exists, is empty, and is removed after the round. */
  readonly directory: string
  readonly payloadLength: number
  /** Messages of the sustained run. */
  readonly messages: number
  /** Seconds that one hot function is measured. */
  readonly seconds: number
  readonly latencySeconds: number
  /** Does everything work? Counts that only make figures steadier are small then. */
  readonly quick: boolean
  readonly floor: Floor
  /** Counts from 0; what is compared within a round swaps its order every other time. */
  readonly round: number
}

/** Something measured once per round. Throws when what it measured did not work. */
export interface Probe {
  readonly name: string
  measure(context: ProbeContext): Figures | Promise<Figures>
}
