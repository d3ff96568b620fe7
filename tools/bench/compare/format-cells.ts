import type { Spread } from '@chronicle-ts/cli/bench'

export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** The median; with its spread where a cell has room for it. */
export function formatMedian({ median, min, max }: Spread, digits: number, withSpread: boolean): string {
  const value = formatNumber(median, digits)
  return withSpread ? `${value} (${formatNumber(min, digits)} to ${formatNumber(max, digits)})` : value
}

/** The first row is the heading. */
export function markdownTable([heading = [], ...rows]: readonly (readonly string[])[]): string {
  return [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
