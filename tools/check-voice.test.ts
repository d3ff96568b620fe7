import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../packages/core/test/support/temporary.js'
import { findVoiceViolations, readRules } from './check-voice.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('the check of the words', () => {
  it('reads its list from the glossary, in which every pattern is valid', () => {
    const rules = readRules(readFileSync(join(root, 'docs', 'glossary.md'), 'utf8'))
    expect(rules.length).toBeGreaterThan(10)
    for (const { instead } of rules) expect(instead).not.toBe('')
  })

  it('names file, line, word and what to write, and leaves code alone', () => {
    const top = temporaryDirectory()
    mkdirSync(join(top, 'docs'))
    writeFileSync(join(top, 'docs', 'glossary.md'), '# G\n\n## Words\n\n| avoid | write |\n|---|---|\n| `\\bvouch` | trust |\n')
    writeFileSync(join(top, 'README.md'), 'fine\n`vouched` is code\nNobody Vouches for it\n')
    expect(findVoiceViolations(top)).toEqual(['README.md:3: "Vouch"; write trust'])
  })

  it('finds nothing in this checkout', () => {
    expect(findVoiceViolations(root)).toEqual([])
  })
})
