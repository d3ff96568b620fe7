import { type QueueState, type StateCondition, type StateSeverity, stateLabel } from '@chronicle-ts/inspect'
import { EXIT_CRITICAL, EXIT_HEALTHY, EXIT_WARNING } from '../exit-codes.js'
import type { Palette } from './palette.js'
import { printable } from './printable.js'
import { formatCountOf } from './quantities.js'
import type { Cell } from './table.js'

/** The exit code that says how serious a state is; the same for every command. */
export function exitCodeOfSeverity(severity: StateSeverity): number {
  if (severity === 'critical') return EXIT_CRITICAL
  return severity === 'warning' ? EXIT_WARNING : EXIT_HEALTHY
}

/** The worse of two. */
export function worseSeverity(one: StateSeverity, other: StateSeverity): StateSeverity {
  const order: readonly StateSeverity[] = ['ok', 'warning', 'critical']
  return order.indexOf(one) >= order.indexOf(other) ? one : other
}

/** The word of a state as a cell of a table. */
export function stateCell(state: Pick<StateCondition, 'word' | 'severity'>, palette: Palette): Cell {
  return { text: stateLabel(state), paint: paintOf(state, palette) }
}

/** `writer BLOCKED: by audit, for 12 s`: one condition in a line. */
export function describeCondition(condition: StateCondition): string {
  const subject = condition.reader === null ? condition.subject : `reader ${printable(condition.reader)}`
  const detail = condition.detail === '' ? '' : `: ${printable(condition.detail)}`
  return `${subject} ${stateLabel(condition)}${detail}`
}

/** All that is not ok in one line; empty when all is. */
export function describeState({ conditions }: QueueState): string {
  return conditions.map(describeCondition).join('; ')
}

export function paintOf({ word, severity }: Pick<StateCondition, 'word' | 'severity'>, palette: Palette): Palette['good'] {
  if (severity !== 'ok') return severity === 'critical' ? palette.critical : palette.warning
  return word === 'closed' ? palette.faint : palette.good
}

/** How many problems an operator acknowledged, to follow a state; empty when there are none. */
export function acknowledgedText(count: number): string {
  return count === 0 ? '' : `, ${formatCountOf(count, 'problem')} acknowledged`
}

/** How many problems of these queues an operator acknowledged. */
export function acknowledgedIn(queues: readonly { readonly state: Pick<QueueState, 'acknowledged'> }[]): number {
  return queues.reduce((sum, { state }) => sum + state.acknowledged, 0)
}

/** The worst condition of a queue as a cell: `ok`, `BLOCKED`, `reader dead`, with how many there are besides. */
export function summaryCell({ conditions, acknowledged }: QueueState, palette: Palette): Cell {
  const [worst] = conditions
  const known = acknowledgedText(acknowledged)
  if (worst === undefined) return { text: `ok${known}`, paint: palette.good }
  const subject = worst.subject === 'queue' ? '' : `${worst.subject} `
  const more = conditions.length > 1 ? ` +${conditions.length - 1}` : ''
  return { text: `${subject}${stateLabel(worst)}${more}${known}`, paint: paintOf(worst, palette) }
}
