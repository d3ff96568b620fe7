import { formatMedian } from '../format-cells.js'
import type { ProgramPeerResult, ProgramResult } from './measure-programs.js'
import { PAYLOAD_LENGTH } from './program-rows.js'

interface Column {
  readonly row: string
  readonly key: string
  readonly title: string
  /** Whether it has room in the README. */
  readonly isShort: boolean
}

/** Nanoseconds, all of them. */
const COLUMNS: readonly Column[] = [
  { row: 'oneway', key: 'p50Ns', title: 'one way, p50', isShort: true },
  { row: 'oneway', key: 'p99Ns', title: 'one way, p99', isShort: true },
  { row: 'oneway', key: 'meanNs', title: 'one way, mean', isShort: false },
  { row: 'stream', key: `empty${PAYLOAD_LENGTH}Ns`, title: 'a look that finds nothing', isShort: false },
  { row: 'stream', key: `append${PAYLOAD_LENGTH}Ns`, title: 'append, sustained', isShort: true },
  { row: 'stream', key: `next${PAYLOAD_LENGTH}Ns`, title: 'receive', isShort: true },
  { row: 'stream', key: `commit${PAYLOAD_LENGTH}Ns`, title: 'receive and save the position', isShort: false },
]

/** The figures of every peer, in nanoseconds, as rows of cells with a heading; without a column that nothing was measured for. */
export function programTable(results: readonly ProgramResult[], { isShort }: { readonly isShort: boolean }): string[][] {
  const columns = COLUMNS.filter((column) => !isShort || column.isShort).filter(({ row, key }) =>
    results.some(({ id, peers }) => id === row && peers.some(({ figures }) => key in figures)),
  )
  if (columns.length === 0) return []
  const heading = ['ns', 'keeps', ...columns.map(({ title }) => title)]
  const rows = peersOf(results).map(({ peer, title, keeps }) => {
    const cells = columns.map(({ row, key }) => {
      const figures = results.find(({ id }) => id === row)?.peers.find((one) => one.peer === peer)?.figures
      const spread = figures?.[key]
      return spread === undefined ? '' : formatMedian(spread, spread.median < 20 ? 1 : 0, !isShort)
    })
    return [title, keeps, ...cells]
  })
  return [heading, ...rows.filter((cells) => cells.slice(2).some((cell) => cell !== ''))]
}

/** What was not measured and why: one sentence, or nothing. */
export function programsSkipped(results: readonly ProgramResult[]): string {
  const reasons = new Map<string, string[]>()
  for (const { id, peers } of results) {
    for (const { title, skipped } of peers) {
      if (skipped === undefined) continue
      const key = `${title}: ${skipped}`
      reasons.set(key, [...(reasons.get(key) ?? []), id])
    }
  }
  if (reasons.size === 0) return ''
  return `Skipped: ${[...reasons].map(([reason, ids]) => `${reason} (${ids.join(', ')})`).join('; ')}.`
}

function peersOf(results: readonly ProgramResult[]): readonly ProgramPeerResult[] {
  const all = results.flatMap(({ peers }) => peers)
  return all.filter(({ peer }, index) => all.findIndex((one) => one.peer === peer) === index)
}
