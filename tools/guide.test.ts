import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { formatWithOptions } from 'node:util'
import { openWriter } from '@chronicle-ts/core'
import { backupQueue } from '@chronicle-ts/inspect'
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

/** What the pages give a shell, with the paths of the examples in the place of the test's own. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  const lines = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n'))
  return lines.filter((line) => line.startsWith('npx @chronicle-ts/cli ')).map((line) => line.replace(/ +#.*/, ''))
}

describe('a command of the guide or of README', () => {
  const pages = ['README.md', ...guidePages.map((name) => `docs/guide/${name}`)]
  const program = join(root, 'packages/cli/bin/chron-cli.js')
  const commands = pages.flatMap((page) => commandsOf(page).map((command) => [page, command] as const))

  it('is found', () => {
    expect(commands.length).toBeGreaterThan(6)
  })

  it.each(commands)('runs: %s: %s', (_, command) => {
    const folder = mkdtempSync(join(queues, 'commands-'))
    const feed = join(folder, 'feed')
    const queue = join(feed, 'trades')
    openWriter(queue, { segmentSize: 65_536 }).close()
    if (command.includes(' restore ')) backupQueue(queue, join(folder, 'backup'))
    const words = command
      .replace('npx @chronicle-ts/cli ', '')
      .replaceAll('/var/lib/feed/trades', queue)
      .replaceAll('/var/lib/feed', feed)
      .replaceAll('/backup/trades', join(folder, 'backup'))
      .replaceAll(/\/tmp\/(prices|guide\/\w+)/g, queue)
    expect(words).not.toMatch(/ \/(tmp\/guide|var|backup)/)
    const { status, stderr } = spawnSync(process.execPath, [program, ...words.split(' ')], { encoding: 'utf8' })
    expect([status, stderr.match(/error|unknown|invalid/i)]).toEqual([0, null])
  })
})

const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined

it.skipIf(!has('systemd-analyze'))('has a unit that systemd accepts (skipped without systemd-analyze)', () => {
  const text = readFileSync(join(root, 'docs/guide/operations.md'), 'utf8')
  const unit = /^```ini\n([\s\S]*?)^```/m.exec(text)?.[1] ?? ''
  const path = join(queues, 'router.service')
  writeFileSync(path, unit.replace('/usr/bin/node', process.execPath))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
  expect([status, stdout, stderr]).toEqual([0, '', ''])
})

it('has a page for every row of its table, and a program on every page', () => {
  const index = readFileSync(join(root, 'docs/guide/README.md'), 'utf8')
  const withPrograms = new Set(guidePrograms().map(({ page }) => page))
  for (const page of guidePages) {
    if (page !== 'README.md') expect(index).toContain(`(${page})`)
    expect([page, withPrograms.has(page)]).toEqual([page, page !== 'README.md'])
  }
})

it('shares no queue between pages: a reader may follow them in any order', () => {
  const pagesOf = new Map<string, Set<string>>()
  for (const { page, code } of guidePrograms())
    for (const [queue] of code.matchAll(/\/tmp\/guide\/\w+/g)) pagesOf.set(queue, (pagesOf.get(queue) ?? new Set()).add(page))
  expect([...pagesOf].filter(([, pages]) => pages.size > 1)).toEqual([])
})
