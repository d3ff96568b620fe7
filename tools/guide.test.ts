import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { formatWithOptions } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { guidePages, guidePrograms } from './release/guide-programs.mjs'

/**
 * Runs the programs of the user's guide: all in this process, each in the order of its page, and compares what they print with the block that follows. A program that needs a newer Node.js than this one
 * shows as skipped, with the reason; `node tools/release/matrix.mjs --only guide` runs all of them under every supported version.
 */
const root = fileURLToPath(new URL('..', import.meta.url))

let queues: string
let programs: string

beforeAll(() => {
  queues = mkdtempSync(join(tmpdir(), 'chronicle-guide-'))
  // Inside the checkout, because that is where the packages are found.
  programs = mkdtempSync(join(root, '.guide-'))
  mkdirSync(join(queues, 'guide'))
})

afterAll(() => {
  for (const folder of [queues, programs]) rmSync(folder, { recursive: true, force: true })
})

async function outputOf(code: string, name: string): Promise<string> {
  const file = join(programs, name)
  writeFileSync(file, code.replaceAll('/tmp/guide', join(queues, 'guide')))
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => {
    lines.push(formatWithOptions({ colors: false }, ...words))
  })
  try {
    await import(pathToFileURL(file).href)
  } finally {
    log.mockRestore()
  }
  return lines.map((line) => `${line}\n`).join('')
}

describe('a program of docs/guide prints what its page says', () => {
  for (const { page, name, title, code, expected, builtins } of guidePrograms()) {
    const missing = builtins.filter((module) => !isBuiltin(module))
    const why = missing.length === 0 ? '' : ` (skipped: Node.js ${process.versions.node} has no ${missing.join(', ')})`
    it.skipIf(missing.length > 0)(`${page}: ${title}${why}`, async () => {
      expect(await outputOf(code, name)).toBe(expected)
    })
  }
})

it('has a page for every row of its table, and a program on every page but the last', () => {
  const index = readFileSync(join(root, 'docs/guide/README.md'), 'utf8')
  const withPrograms = new Set(guidePrograms().map(({ page }) => page))
  for (const page of guidePages) {
    if (page !== 'README.md') expect(index).toContain(`(${page})`)
    expect([page, withPrograms.has(page)]).toEqual([page, page !== 'README.md' && page !== 'operations.md'])
  }
})
