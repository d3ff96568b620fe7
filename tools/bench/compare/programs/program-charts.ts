import { drawLines, type Line, type LinePanel } from '../draw-lines.js'
import { formatNumber } from '../format-cells.js'
import type { ProgramResult } from './measure-programs.js'
import { PROGRAM_PEERS } from './program-peers.js'

/** A picture of a row: its file, and what its panels show. */
interface Chart {
  readonly name: string
  readonly row: string
  readonly title: string
  readonly panels: readonly { readonly title: string; readonly curves: readonly Curve[]; readonly unit: string }[]
}

/** Figures whose keys begin with this and go on with a number. The suffix distinguishes curves of one system. */
interface Curve {
  readonly prefix: string
  readonly suffix?: string
}

const curve = (prefix: string, suffix?: string): Curve => ({ prefix, ...(suffix === undefined ? {} : { suffix }) })

const CHARTS: readonly Chart[] = [
  {
    name: 'size',
    row: 'stream',
    title: 'Cost by size',
    panels: [
      { title: 'append, ns a message, by bytes', curves: [curve('append')], unit: 'Ns' },
      { title: 'receive, ns a message, by bytes', curves: [curve('next')], unit: 'Ns' },
    ],
  },
  {
    name: 'readers',
    row: 'readers',
    title: 'Cost by readers',
    panels: [
      { title: 'append, ns a message, by readers', curves: [curve('append')], unit: 'Ns' },
      { title: 'receive, ns a message and reader, by readers', curves: [curve('next')], unit: 'Ns' },
    ],
  },
  {
    name: 'sources',
    row: 'sources',
    title: 'Cost by sources',
    panels: [
      { title: 'fan-in, ns a message, by queues', curves: [curve('fanIn', 'eager'), curve('fanIn', 'ordered')], unit: 'Ns' },
    ],
  },
  {
    name: 'open',
    row: 'open',
    title: 'Open time by size',
    panels: [{ title: 'open and receive the first message, ms, by messages', curves: [curve('open')], unit: 'Ms' }],
  },
]

const PERCENTILES = {
  p50Ns: '50 %',
  p90Ns: '90 %',
  p99Ns: '99 %',
  p999Ns: '99.9 %',
  p9999Ns: '99.99 %',
  maxNs: 'longest',
} as const

/** The pictures of what was measured, by the names of their files. */
export function drawPrograms(results: readonly ProgramResult[], source: string): Map<string, string> {
  const files = new Map<string, string>()
  const oneWay = results.find(({ id }) => id === 'oneway')
  if (oneWay) files.set('latency.svg', drawLines({ title: 'One way between two programs', source }, [latencyPanel(oneWay)]))
  for (const { name, row, title, panels } of CHARTS) {
    const result = results.find(({ id }) => id === row)
    if (result === undefined) continue
    const drawn = panels.map((panel) => panelOf(result, panel))
    files.set(`${name}.svg`, drawLines({ title, source }, drawn))
  }
  return files
}

function latencyPanel({ peers }: ProgramResult): LinePanel {
  const lines = peers.flatMap(({ peer, title, figures }) => {
    const values = Object.keys(PERCENTILES).map((key) => figures[key])
    return values.some(Boolean) ? [{ title, style: styleOf(peer), values }] : []
  })
  return { title: 'half of a round trip, ns, up to this share of the messages', places: Object.values(PERCENTILES), lines }
}

function panelOf({ peers }: ProgramResult, { title, curves, unit }: Chart['panels'][number]): LinePanel {
  const keyOf = ({ prefix, suffix = '' }: Curve, place: number) =>
    `${prefix}${place}${suffix && suffix.charAt(0).toUpperCase() + suffix.slice(1)}${unit}`
  const pattern = new RegExp(`^(?:${curves.map(({ prefix }) => prefix).join('|')})(\\d+)`)
  const numbers = peers.flatMap(({ figures }) => Object.keys(figures).flatMap((key) => pattern.exec(key)?.[1] ?? []))
  const places = [...new Set(numbers.map(Number))].sort((one, other) => one - other)
  const lines = peers.flatMap(({ peer, title: system, figures }) =>
    curves.flatMap((one, index): Line[] => {
      const values = places.map((place) => figures[keyOf(one, place)])
      const name = one.suffix === undefined ? system : `${system}, ${one.suffix}`
      return values.some(Boolean) ? [{ title: name, style: styleOf(peer) + index, values }] : []
    }),
  )
  return { title, places: places.map((place) => formatNumber(place, 0)), lines }
}

function styleOf(peer: string): number {
  return PROGRAM_PEERS.findIndex(({ id }) => id === peer)
}
