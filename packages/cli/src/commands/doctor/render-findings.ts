import type { Output } from '../../output/output.js'
import { printable } from '../../output/printable.js'
import { wrapText } from '../../output/wrap.js'
import type { Finding } from './finding.js'

const INDENT = 12
const ORDER = { critical: 0, warning: 1, info: 2 } as const

/** Findings under a title, worst first: code and message, what it means, what repairs it. */
export function renderFindings(
  title: string,
  findings: readonly Finding[],
  { palette, width }: Pick<Output, 'palette' | 'width'>,
): string[] {
  const paint = { critical: palette.critical, warning: palette.warning, info: palette.faint }
  const lines = [`${palette.heading(printable(title))}  ${summary(findings)}`]
  const pad = ' '.repeat(INDENT)
  for (const { severity, code, message, explanation, command, acknowledged } of [...findings].sort(
    (a, b) => ORDER[a.severity] - ORDER[b.severity],
  )) {
    if (acknowledged === true) {
      // Known damage is dimmed, and nothing has to be done about it.
      lines.push(`  ${palette.faint(`${severity.padEnd(INDENT - 2)}${code} (acknowledged)`)}`)
      lines.push(...wrapped(message, width).map((line) => palette.faint(pad + line)))
      continue
    }
    lines.push(`  ${paint[severity](severity.padEnd(INDENT - 2))}${code}`)
    for (const text of [message, explanation])
      if (text !== undefined) lines.push(...wrapped(text, width).map((line) => pad + line))
    // A command is there to be copied: it is never broken.
    if (command !== undefined) lines.push(`${pad}${palette.good(`$ ${printable(command)}`)}`)
  }
  return lines
}

function wrapped(text: string, width: number | undefined): string[] {
  return wrapText(printable(text), width === undefined ? undefined : width - INDENT)
}

function summary(findings: readonly Finding[]): string {
  const counts = (['critical', 'warning', 'info'] as const).map((severity) => ({
    severity,
    count: findings.filter((finding) => finding.severity === severity).length,
  }))
  const present = counts.filter(({ count }) => count > 0).map(({ severity, count }) => `${count} ${severity}`)
  return present.length === 0 ? 'healthy' : present.join(', ')
}
