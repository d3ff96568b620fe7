import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { STATES, type StateCode } from '@chronicle-ts/inspect'

const DOCUMENT = fileURLToPath(new URL('../../../../docs/states.md', import.meta.url))

/** Something that goes wrong on a living system. */
export interface Incident {
  readonly title: string
  readonly code: StateCode
  readonly exitCode: 2 | 3
  /** The code that doctor gives it, where that is a problem's. */
  readonly doctor?: string
  /** Makes it happen; it is true when this returns. */
  begin(): Promise<void> | void
  end(): Promise<void> | void
}

/** How a surface names the condition: two of them have words for whole queues only, and doctor has codes of problems. */
export function nameOn(surface: string, { code, doctor }: Pick<Incident, 'code' | 'doctor'>): string {
  if (surface === 'doctor') return doctor ?? code
  return surface === 'health' || surface === 'ui' ? STATES[code][1] : code
}

/** The rows of the table in docs/states.md. */
export function documentedIncidents(): { title: string; code: string; doctor: string | undefined; exitCode: number }[] {
  const table = /## Incidents[\s\S]*$/.exec(readFileSync(DOCUMENT, 'utf8'))?.[0] ?? ''
  return [...table.matchAll(/^\| (?!incident|---)(.+?) \| `(\w+)` \|(?: `(\w+)`)? ?\| (\d) \|$/gm)].map(
    ([, title = '', code = '', doctor, exitCode]) => ({ title, code, doctor, exitCode: Number(exitCode) }),
  )
}

/** The same of incidents that a test makes. */
export function describedIncidents(incidents: readonly Incident[]): ReturnType<typeof documentedIncidents> {
  return incidents.map(({ title, code, doctor, exitCode }) => ({ title, code, doctor, exitCode }))
}
