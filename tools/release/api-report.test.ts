import * as core from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { apiReport, differentReports } from './api-report.mjs'

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
    expect(report).not.toMatch(/\/\*\*|#private|^ +private /m)
  })
})
