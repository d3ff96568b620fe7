import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as core from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { root } from '../run/root.mjs'
import { apiReport, differentReports } from './api-report.mjs'

const PACKAGES = readdirSync(join(root, 'docs/api')).map((name) => name.replace(/\.txt$/, ''))

/** Names that no package exports: of TypeScript's library, of packages that a user imports beside this project's, of type parameters, and of constants of which only the type is public. */
const FOREIGN = new Set(
  `ArrayLike AsyncDisposable AsyncGenerator AsyncIterable Disposable ErrorOptions Exclude Extract Iterable IterableIterator NonNullable Omit Pick PromiseLike Readable Readonly ReadonlyMap
  ReadonlySet Record Required Writable Command JetStreamClient JetStreamManager NatsConnection Attributes ContextAPI Meter TraceAPI Tracer DescMessage MessageInitShape MessageShape
  Argument Body Code Desc Entry Index Input Item Key Members Name Numbers Result Size Sizes Source Spec Step Types Value Write ENCODINGS RECOVERY_CASES STRATEGIES`.split(
    /\s+/,
  ),
)

describe('the report of the public interface', () => {
  it('is the one that is checked in, or a change of the interface went unnoticed: node tools/release/api-report.mjs --write', () => {
    expect(differentReports()).toEqual([])
  })

  it('has a declaration for every exported value', () => {
    const report = apiReport('core')
    const missing = Object.keys(core).filter((name) => !new RegExp(`^${name}(?: \\(\\w+\\))?\\n  export `, 'm').test(report))
    expect(missing).toEqual([])
  })

  it('shows signatures, and neither comments nor private members', () => {
    const report = apiReport('core')
    expect(report).toContain(
      'export declare function openWriter(directory: DirectoryPath, options?: WriterOptions): QueueWriter;',
    )
    expect(report).not.toMatch(/\/\*\*|#private|^ +private (?!constructor)/m)
  })

  it('names no type that a user cannot import', () => {
    const reports = PACKAGES.map((name) => apiReport(name))
    const exported = new Set(reports.flatMap((report) => [...report.matchAll(/^(\w+)(?: \(.*\))?$/gm)].map(([, name]) => name)))
    // Properties are written in camel case or, as the codes of problems, in capitals before a colon.
    const named = reports
      .flatMap((report) => [
        ...report.replace(/"[^"]*"|'[^']*'|\[Symbol\.\w+\]|^ +(?:readonly )?[A-Z_]+: /gm, '').matchAll(/^ .*$/gm),
      ])
      .flatMap(([line]) => [...line.matchAll(/(?<![.\w])[A-Z]\w+/g)].map(([name]) => name))
    const unknown = new Set(named.filter((name) => !exported.has(name) && !FOREIGN.has(name) && !(name in globalThis)))
    expect([...unknown]).toEqual([])
  })
})
