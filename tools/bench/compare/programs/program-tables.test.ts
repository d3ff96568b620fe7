import { expect, it } from 'vitest'
import type { ProgramResult } from './measure-programs.js'
import { drawPrograms } from './program-charts.js'
import { programsSkipped, programTable } from './program-tables.js'

const spread = (median: number) => ({ median, min: median - 1, max: median + 1 })
const ours = { peer: 'ours', title: 'ours', keeps: 'files' }
const aeron = { peer: 'aeron', title: 'Aeron', keeps: 'nothing' }

const results: readonly ProgramResult[] = [
  {
    id: 'oneway',
    title: 'one way',
    peers: [
      { ...ours, figures: { p50Ns: spread(600), p90Ns: spread(700), p99Ns: spread(1200) } },
      { ...aeron, figures: {}, skipped: 'java is not installed' },
    ],
  },
  {
    id: 'stream',
    title: 'appending',
    peers: [
      { ...ours, figures: { append64Ns: spread(9.5), append256Ns: spread(20) } },
      { ...aeron, figures: {}, skipped: 'java is not installed' },
    ],
  },
]

it('shows what was measured and leaves out columns and peers without a figure', () => {
  expect(programTable(results, { isShort: false })).toEqual([
    ['ns', 'keeps', 'one way, p50', 'one way, p99', 'append, sustained'],
    ['ours', 'files', '600 (599 to 601)', '1,200 (1,199 to 1,201)', '9.5 (8.5 to 10.5)'],
  ])
  expect(programTable(results, { isShort: true })[1]).toEqual(['ours', 'files', '600', '1,200', '9.5'])
  expect(programTable([], { isShort: true })).toEqual([])
})

it('says once why a peer was skipped, and in which rows', () => {
  expect(programsSkipped(results)).toBe('Skipped: Aeron: java is not installed (oneway, stream).')
  expect(programsSkipped([])).toBe('')
})

it('draws what was measured: shares of the messages, and costs by number', () => {
  const files = drawPrograms(results, 'a machine')
  expect([...files.keys()]).toEqual(['latency.svg', 'size.svg'])
  expect(files.get('latency.svg')).toContain('>99.9 %<')
  expect(files.get('latency.svg')).toContain('>ours: 1,200<')
  expect(files.get('latency.svg')).toContain('>a machine<')
  expect(files.get('size.svg')).toContain('>256<')
  expect(files.get('size.svg')).toContain('>ours: 20<')
})
