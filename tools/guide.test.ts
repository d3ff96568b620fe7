import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { formatWithOptions } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

/** Runs the programs of the user's guide: all in this process, each in the order of its page, and compares what they print with the block that follows. */
const root = fileURLToPath(new URL('..', import.meta.url))
const guide = join(root, 'docs', 'guide')
const pages = readdirSync(guide).filter((name) => name.endsWith('.md'))
const PROGRAM = /^```(ts|js)\n(import\s[\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm

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

/** Whether this Node.js has every builtin module that the program imports. */
function canRun(code: string): boolean {
  return [...code.matchAll(/from '(node:[^']+)'/g)].every(([, name]) => isBuiltin(name ?? ''))
}

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

describe.each(pages)('docs/guide/%s', (page) => {
  const found = [...readFileSync(join(guide, page), 'utf8').matchAll(PROGRAM)]
  it.skipIf(found.length === 0)('prints what it says', async () => {
    for (const [index, [, language, code = '', expected]] of found.entries()) {
      if (!canRun(code)) continue
      const name = `${page.replace('.md', '')}-${index}.${language === 'ts' ? 'mts' : 'mjs'}`
      expect(await outputOf(code, name), `program ${index + 1}`).toBe(expected ?? '')
    }
  })
})

it('has a page for every row of its table', () => {
  const index = readFileSync(join(guide, 'README.md'), 'utf8')
  for (const page of pages) if (page !== 'README.md') expect(index).toContain(`(${page})`)
})
