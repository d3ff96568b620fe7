import type { Figures, ProbeContext } from '../budgets/probe.js'

/** What the probes of the dashboard are given. */
export type DashboardContext = Pick<ProbeContext, 'directory' | 'payloadLength' | 'quick'>

/** Something about the dashboard that is measured once per round. */
export interface DashboardProbe {
  readonly name: string
  measure(context: DashboardContext): Figures | Promise<Figures>
}
