import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { resolveReaderOptions } from '../packages/core/src/reader/reader-options.js'
import { resolveWriterOptions } from '../packages/core/src/writer/writer-options.js'
import { resolveFanInOptions } from '../packages/fanin/src/fan-in-options.js'

/** Compares docs/options.md with the types, name by name, and with what the code resolves to when no option is given. */
const root = fileURLToPath(new URL('..', import.meta.url))
const page = readFileSync(join(root, 'docs/options.md'), 'utf8')

const HOMES: Readonly<Record<string, string>> = {
  WriterOptions: 'core/src/writer/writer-options.ts',
  FlushPolicy: 'core/src/writer/writer-options.ts',
  RetentionOptions: 'core/src/retention/retention-options.ts',
  SourceOptions: 'core/src/reader/reader-options.ts',
  ReaderOptions: 'core/src/reader/reader-options.ts',
  MessageDetails: 'core/src/writer/append-options.ts',
  CommitOptions: 'core/src/writer/append-options.ts',
  AsyncAppendOptions: 'core/src/writer/append-options.ts',
  FanInOptions: 'fanin/src/fan-in-options.ts',
}

const RESOLVED: Readonly<Record<string, object>> = {
  WriterOptions: resolveWriterOptions({}),
  SourceOptions: resolveReaderOptions({}),
  ReaderOptions: resolveReaderOptions({}),
  FanInOptions: resolveFanInOptions({}),
}

/** Name and default of each row below a heading. */
function rowsOf(section: string): Map<string, string> {
  const text = page.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = [...text.matchAll(/^\| (\w+) \| ([^|]*) \|/gm)].filter(([, name]) => name !== 'option')
  return new Map(rows.map(([, name = '', value = '']) => [name, value.trim()]))
}

/** The fields that an interface declares itself. */
function fieldsOf(name: string): string[] {
  const source = readFileSync(join(root, 'packages', HOMES[name] ?? ''), 'utf8')
  const body = source.match(new RegExp(`export interface ${name}[^{]*\\{\\n([\\s\\S]*?)\\n\\}`))?.[1] ?? ''
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field)
}

it.each(Object.keys(HOMES))('names every option of %s, and no other', (section) => {
  const fields = fieldsOf(section)
  expect(fields.length).toBeGreaterThan(0)
  expect([...rowsOf(section).keys()].sort()).toEqual(fields.sort())
})

it.each(Object.entries(RESOLVED))('says the defaults of %s', (section, resolved) => {
  for (const [name, said] of rowsOf(section)) {
    const value = (resolved as Record<string, unknown>)[name]
    if (said === 'none') expect(value, name).toBeUndefined()
    else expect(typeof value === 'bigint' ? `${value}n` : String(value), name).toBe(said)
  }
})
