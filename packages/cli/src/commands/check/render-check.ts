import type { QueueState, StateSeverity } from '@chronicle-ts/inspect'
import type { Palette } from '../../output/palette.js'
import { printable } from '../../output/printable.js'
import { formatCountOf } from '../../output/quantities.js'
import { acknowledgedIn, acknowledgedText, describeCondition, describeState, paintOf } from '../../output/states.js'
import { pathBelow } from '../../queues/queue-names.js'

/** The result of a check of all queues below a root. */
export interface CheckResult {
  readonly severity: StateSeverity
  readonly root: string
  readonly queues: readonly { readonly name: string; readonly state: QueueState }[]
  /** Directories that could not be looked at. */
  readonly unreadable: readonly string[]
  /** Readers that were to be checked and that no queue has. */
  readonly missingReaders: readonly string[]
}

/** One line for each queue that is not ok, after one line that counts them. */
export function renderCheck({ root, queues, unreadable, missingReaders, severity }: CheckResult, palette: Palette): string[] {
  const bad = notOkWorstFirst(queues)
  const title = severity === 'critical' ? 'CRITICAL' : severity
  const paint = severity === 'ok' ? palette.good : severity === 'critical' ? palette.critical : palette.warning
  const count = `${formatCountOf(queues.length, 'queue')}${bad.length === 0 ? '' : `, ${bad.length} not ok`}`
  const lines = [`${paint(title)}  ${count}${acknowledgedText(acknowledgedIn(queues))}`]
  for (const { name, state } of bad)
    for (const condition of state.conditions)
      lines.push(`  ${printable(name)}  ${paintOf(condition, palette)(describeCondition(condition))}`)
  for (const path of unreadable) lines.push(`  ${printable(pathBelow(root, path))}  ${palette.warning('unreadable')}`)
  for (const name of missingReaders) lines.push(`  reader ${printable(name)}  ${palette.warning('is in no queue')}`)
  return lines
}

/** The form of monitoring plugins: status, text, a bar, performance data; a long text for more than one queue. */
export function renderNagios({ queues, unreadable, missingReaders, severity }: CheckResult): string[] {
  const bad = notOkWorstFirst(queues)
  const status = severity === 'ok' ? 'OK' : severity.toUpperCase()
  const first = bad[0] === undefined ? '' : ` - ${clean(bad[0].name)}: ${clean(describeState(bad[0].state))}`
  const more = bad.length > 1 ? ` (and ${bad.length - 1} more)` : ''
  const missing = missingReaders.length > 0 ? `, no reader ${missingReaders.map(clean).join(', ')}` : ''
  const gone = `${unreadable.length > 0 ? `, ${unreadable.length} unreadable` : ''}${missing}`
  const lines = [
    `CHRONICLE ${status}: ${formatCountOf(queues.length, 'queue')}, ${bad.length} not ok${acknowledgedText(acknowledgedIn(queues))}${gone}${first}${more} | ${performance(queues)}`,
  ]
  for (const { name, state } of bad.slice(1)) lines.push(`${clean(name)}: ${clean(describeState(state))}`)
  return lines
}

/** What monitoring plugins print when they could not look. */
export function renderNagiosUnknown(message: string): string[] {
  return [`CHRONICLE UNKNOWN: ${clean(message)}`]
}

/** Pagers show one line: that of the worst queue. */
function notOkWorstFirst(queues: CheckResult['queues']): CheckResult['queues'] {
  const withSeverity = (severity: StateSeverity) => queues.filter(({ state }) => state.severity === severity)
  return [...withSeverity('critical'), ...withSeverity('warning')]
}

function performance(queues: CheckResult['queues']): string {
  const data = [`queues=${queues.length};;;0`]
  for (const { name, state } of queues) {
    for (const { name: reader, lag } of state.readers) {
      const label = `${name}.${reader}`.replaceAll(/['=|]/g, '_')
      if (lag.messages !== null) data.push(`'${label}.lag_messages'=${lag.messages};;;0`)
      if (lag.arrivalNs !== null) data.push(`'${label}.lag_seconds'=${(Number(lag.arrivalNs) / 1e9).toFixed(3)}s;;;0`)
    }
  }
  return data.join(' ')
}

/** A bar begins the performance data, and a line end the next part. */
function clean(text: string): string {
  return printable(text).replaceAll('|', '/')
}

/** What a textfile collector takes: the outcome of the check, not the measurements, which `metrics` prints. */
export function renderCheckMetrics({ queues, unreadable }: CheckResult): string[] {
  const levels: Readonly<Record<StateSeverity, number>> = { ok: 0, warning: 1, critical: 2 }
  const lines = [
    '# HELP chronicle_check_severity Outcome of chron-cli check: 0 ok, 1 warning, 2 critical.',
    '# TYPE chronicle_check_severity gauge',
    ...queues.map(({ name, state }) => `chronicle_check_severity{queue="${escapeLabel(name)}"} ${levels[state.severity]}`),
  ]
  const conditions = queues.flatMap(({ name, state }) => state.conditions.map((condition) => ({ name, condition })))
  if (conditions.length > 0)
    lines.push(
      '# HELP chronicle_check_condition Conditions that are not ok, with their words of docs/states.md.',
      '# TYPE chronicle_check_condition gauge',
      ...conditions.map(
        ({ name, condition: { code, word, severity, reader } }) =>
          `chronicle_check_condition{queue="${escapeLabel(name)}",reader="${escapeLabel(reader ?? '')}",code="${code}",word="${word}",severity="${severity}"} 1`,
      ),
    )
  lines.push(
    '# HELP chronicle_check_unreadable Directories that could not be looked at.',
    '# TYPE chronicle_check_unreadable gauge',
    `chronicle_check_unreadable ${unreadable.length}`,
  )
  return lines
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
