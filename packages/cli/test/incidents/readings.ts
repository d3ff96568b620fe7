/** What one surface says about a root: its exit code, where it has one, and every condition that is not ok, by code or by word. */
export interface SurfaceReading {
  readonly exitCode: number | undefined
  readonly codes: readonly string[]
  readonly queues: number
}

interface StateJson {
  readonly conditions: readonly { readonly code: string }[]
}

interface Finding {
  readonly code: string
  readonly severity: string
}

interface Judged {
  readonly word: string
  readonly severity: string
}

/** An exit code of a process that a signal ended. */
const NO_EXIT_CODE = 99

/** Reads the JSON of a command that looks once. */
export function readingOfCommand(
  name: 'inspect' | 'doctor' | 'check' | 'health',
  { stdout, exitCode }: { readonly stdout: string; readonly exitCode: number | null },
): SurfaceReading {
  const json = JSON.parse(stdout) as { queue?: unknown; queues?: unknown }
  const queues = (json.queue === undefined ? json.queues : [json.queue]) as unknown[]
  return { exitCode: exitCode ?? NO_EXIT_CODE, queues: queues.length, codes: queues.flatMap((queue) => CODES[name](queue)) }
}

const CODES: Readonly<Record<'inspect' | 'doctor' | 'check' | 'health', (queue: unknown) => string[]>> = {
  inspect: (queue) => codesOf((queue as { state: StateJson }).state),
  doctor: (queue) =>
    (queue as { findings: readonly Finding[] }).findings.flatMap(({ severity, code }) => (severity === 'info' ? [] : [code])),
  check: (queue) => codesOf(queue as StateJson),
  health: (queue) => wordsOf(queue as Judged),
}

/** Reads one object of `monitor --json`. */
export function readingOfMonitor(line: string): SurfaceReading {
  const { queues } = JSON.parse(line) as { queues: readonly { state: StateJson }[] }
  return { exitCode: undefined, queues: queues.length, codes: queues.flatMap(({ state }) => codesOf(state)) }
}

/** Reads the Prometheus text format. */
export function readingOfMetrics(text: string): SurfaceReading {
  const codes = [...text.matchAll(/^chronicle_condition\{.*code="(\w+)"/gm)].map(([, code = '']) => code)
  return { exitCode: undefined, codes, queues: text.match(/^chronicle_queue_up\{/gm)?.length ?? 0 }
}

/** Reads a snapshot of the dashboard. */
export function readingOfSnapshot(text: string): SurfaceReading {
  const { queues } = JSON.parse(text) as { queues: readonly Judged[] }
  return { exitCode: undefined, queues: queues.length, codes: queues.flatMap(wordsOf) }
}

function codesOf({ conditions }: StateJson): string[] {
  return conditions.map(({ code }) => code)
}

function wordsOf({ word, severity }: Judged): string[] {
  return severity === 'ok' ? [] : [word]
}
