import type { QueueProblem } from '@chronicle-ts/inspect'
import { EXIT_CRITICAL, EXIT_HEALTHY, EXIT_WARNING } from '../exit-codes.js'
import type { Output } from './output.js'
import { printable } from './printable.js'
import { wrapText } from './wrap.js'

const SEVERITY_WIDTH = 10
const ORDER = { critical: 0, warning: 1, info: 2 } as const

/** Problems, worst first, wrapped to the width. */
export function renderProblems(
  problems: readonly QueueProblem[],
  { palette, width }: Pick<Output, 'palette' | 'width'>,
): string[] {
  const paint = { critical: palette.critical, warning: palette.warning, info: palette.faint }
  const indent = ' '.repeat(SEVERITY_WIDTH)
  const lines: string[] = []
  for (const problem of [...problems].sort((a, b) => ORDER[a.severity] - ORDER[b.severity])) {
    const known = problem.acknowledged === true ? ' (acknowledged)' : ''
    const text = `${problem.code}${known}  ${printable(problem.message)}`
    const [first = '', ...rest] = wrapText(text, width === undefined ? undefined : width - SEVERITY_WIDTH)
    // Known damage is dimmed: what is new stands out.
    const dim = problem.acknowledged === true ? palette.faint : (line: string) => line
    const severity = (problem.acknowledged === true ? palette.faint : paint[problem.severity])(
      problem.severity.padEnd(SEVERITY_WIDTH),
    )
    lines.push(`${severity}${dim(first)}`, ...rest.map((line) => indent + dim(line)))
  }
  return lines
}

/** The exit code of the worst problem that was not acknowledged; infos are healthy. */
export function exitCodeOfProblems(
  found: readonly { readonly severity: QueueProblem['severity']; readonly acknowledged?: boolean }[],
): number {
  const problems = found.filter(({ acknowledged }) => acknowledged !== true)
  if (problems.some(({ severity }) => severity === 'critical')) return EXIT_CRITICAL
  return problems.some(({ severity }) => severity === 'warning') ? EXIT_WARNING : EXIT_HEALTHY
}
