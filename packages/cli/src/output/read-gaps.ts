import { formatCountOf } from './quantities.js'

/** Says what a command that read whole queues could not read, one line for each reason. */
export function renderReadGaps({
  problems,
  retiredSegments,
}: {
  readonly problems: number
  readonly retiredSegments: number
}): string[] {
  const lines: string[] = []
  if (problems > 0) lines.push(`${formatCountOf(problems, 'place')} damaged; verify shows more`)
  if (retiredSegments > 0)
    lines.push(`${formatCountOf(retiredSegments, 'segment')} deleted by retention before the command got there`)
  return lines
}
