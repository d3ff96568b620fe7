import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as format from './index.js'

interface Cell {
  readonly name: string
  readonly offset: number
  readonly length: number
}

interface Structure {
  readonly module: string
  readonly heading: string
  readonly fields: readonly format.Field[]
  readonly length: number
  /** What the names of this structure's constants begin with. */
  readonly prefix: string
}

const structures: readonly Structure[] = [
  {
    module: 'control-layout',
    heading: 'Control block',
    fields: format.CONTROL_FIELDS,
    length: format.CONTROL_LENGTH,
    prefix: 'CONTROL',
  },
  {
    module: 'segment-layout',
    heading: 'Segment',
    fields: format.SEGMENT_FIELDS,
    length: format.SEGMENT_HEADER_LENGTH,
    prefix: 'SEGMENT',
  },
  {
    module: 'record-layout',
    heading: 'Record',
    fields: format.RECORD_FIELDS,
    length: format.RECORD_HEADER_LENGTH,
    prefix: 'RECORD',
  },
  {
    module: 'source-position-layout',
    heading: 'Source position',
    fields: format.SOURCE_POSITION_FIELDS,
    length: format.SOURCE_POSITION_LENGTH,
    prefix: 'SOURCE_POSITION',
  },
  { module: 'index-layout', heading: 'Index', fields: format.INDEX_FIELDS, length: format.INDEX_LENGTH, prefix: 'INDEX' },
  {
    module: 'position-layout',
    heading: 'Position',
    fields: format.POSITION_FIELDS,
    length: format.POSITION_SLOT_LENGTH,
    prefix: 'POSITION',
  },
  {
    module: 'durable-layout',
    heading: 'Durable slot',
    fields: format.DURABLE_FIELDS,
    length: format.DURABLE_SLOT_LENGTH,
    prefix: 'DURABLE',
  },
  {
    module: 'sparse-index-layout',
    heading: 'Sparse index',
    fields: format.SPARSE_INDEX_FIELDS,
    length: format.SPARSE_INDEX_HEADER_LENGTH,
    prefix: 'SPARSE_INDEX',
  },
]

const CHARACTERS_PER_BYTE = 8
const BYTES_PER_ROW = 8

/** Takes a diagram apart: the bars give each field's place within its row, the number in front of the row the rest. */
function parseDiagram(text: string): Cell[] {
  const cells: Cell[] = []
  for (const line of text.split('\n')) {
    const row = /^[ *]*?(\d+) (\|.*\|)$/.exec(line)
    if (row?.[1] !== undefined && row[2] !== undefined) cells.push(...parseRow(Number(row[1]), row[2]))
  }
  return cells
}

function parseRow(rowOffset: number, row: string): Cell[] {
  expect(row.length, `the row at ${rowOffset} is 8 bytes wide`).toBe(CHARACTERS_PER_BYTE * BYTES_PER_ROW + 1)
  const cells: Cell[] = []
  let start = 0
  for (let end = row.indexOf('|', 1); end !== -1; start = end, end = row.indexOf('|', end + 1)) {
    const [name = '', longer] = row
      .slice(start + 1, end)
      .trim()
      .split(', ')
    const width = (end - start) / CHARACTERS_PER_BYTE
    const length = longer === undefined ? width : Number(/^(\d+) bytes$/.exec(longer)?.[1])
    if (longer !== undefined) expect(width, `a field of several rows fills its row: ${name}`).toBe(BYTES_PER_ROW)
    cells.push({ name, offset: rowOffset + start / CHARACTERS_PER_BYTE, length })
  }
  return cells
}

function firstDiagram(text: string, from: string): string {
  const start = text.indexOf(from)
  expect(start, `there is "${from}"`).toBeGreaterThanOrEqual(0)
  return text.slice(start).split('```text')[1]?.split('```')[0] ?? ''
}

function expectCoverage(cells: readonly Cell[], length: number): void {
  let end = 0
  for (const cell of cells) {
    expect(cell.offset, `${cell.name} begins where the field before it ends`).toBe(end)
    expect(cell.length).toBeGreaterThan(0)
    end += cell.length
  }
  expect(end, 'the fields fill the structure').toBe(length)
}

/** `segmentGeneration` of the prefix CONTROL: `CONTROL_SEGMENT_GENERATION_OFFSET`; no word stands twice. */
function constantName(prefix: string, field: string): string {
  const words = field.replace(/([A-Z]|\d+)/g, '_$1').toUpperCase()
  const name = words.startsWith(`${prefix}_`) ? words : `${prefix}_${words}`
  return `${name}_OFFSET`
}

const sourceOf = (module: string) => readFileSync(new URL(`${module}.ts`, import.meta.url), 'utf8')
const page = readFileSync(new URL('../../../../docs/format.md', import.meta.url), 'utf8')

describe.each(structures)('the layout of $module', ({ module, heading, fields, length, prefix }) => {
  const documented = (cells: readonly Cell[]) => cells.filter((cell) => cell.name !== 'free')

  it('is what the diagram in its doc comment shows', () => {
    const cells = parseDiagram(firstDiagram(sourceOf(module), '/**'))
    expectCoverage(cells, length)
    expect(documented(cells)).toEqual(fields)
  })

  it('is what the diagram in docs/format.md shows', () => {
    const cells = parseDiagram(firstDiagram(page, `\n## ${heading}\n`))
    expectCoverage(cells, length)
    expect(documented(cells)).toEqual(fields)
  })

  it('is what the exported constants say', () => {
    const constants = format as unknown as Record<string, unknown>
    const named = fields.map((field) => ({ ...field, offset: constants[constantName(prefix, field.name)] }))
    expect(named).toEqual(fields)
  })

  it('has a table row in docs/format.md, or words, for every field', () => {
    const start = page.indexOf(`\n## ${heading}\n`)
    const section = page.slice(start + 4).split('\n## ')[0] ?? ''
    const words = section.replace(/```text[\s\S]*?```/g, '')
    for (const { name } of fields) if (name !== 'zero' && heading !== 'Index') expect(words).toMatch(new RegExp(`\\b${name}\\b`))
  })
})
