import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as codes from './exit-codes.js'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8')

/** The number, and the meaning without the last sentence sign, of each row. */
function rows(text: string, pattern: RegExp): [number, string][] {
  return [...text.matchAll(pattern)].map(([, code, meaning = '']) => [Number(code), meaning.trim()])
}

describe('exit codes', () => {
  it('are those of the manual and of docs/cli.md', () => {
    const own = Object.entries(codes).flatMap(([name, value]) => (name.startsWith('EXIT_') ? [value as number] : []))
    const table = /\| exit code \| meaning \|[\s\S]*?\n\n/.exec(read('docs/cli.md'))?.[0] ?? ''
    const documented = rows(table, /^\| (\d+) \| (.+?) \|$/gm)
    const manual = rows(read('packages/cli/test/golden/help.txt'), /^ {2}(\d+) {2,}(\S.*)$/gm)
    expect(documented.map(([code]) => code).sort((a, b) => a - b)).toEqual(own.sort((a, b) => a - b))
    expect(manual.map(([code]) => code)).toEqual(documented.map(([code]) => code))
  })

  it('are ordered by what they say: an interruption and damage before all others', () => {
    const { EXIT_CRITICAL, EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_LOCKED, EXIT_USAGE, EXIT_WARNING, worseExitCode } = codes
    const order = [EXIT_HEALTHY, EXIT_WARNING, EXIT_USAGE, EXIT_LOCKED, EXIT_CRITICAL, EXIT_INTERRUPTED]
    for (const [index, worse] of order.entries())
      for (const better of order.slice(0, index)) expect(worseExitCode(better, worse)).toBe(worse)
  })
})
