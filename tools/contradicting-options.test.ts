import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectNats, Pusher } from '@chronicle-ts/bridge'
import { RouterDiscovery } from '@chronicle-ts/bus'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'
import { f64, message } from '@chronicle-ts/schema'
import { feed, openBus } from '@chronicle-ts/topics'
import { afterEach, beforeEach, expect, it } from 'vitest'

/** Runs the rows of the table of contradictions in docs/options.md, so that the page says what happens. */
const page = readFileSync(new URL('../docs/options.md', import.meta.url), 'utf8')
const ROW = /^\| ([\w.]+) \| `(\{.*\})` \| (note|refused): `([\w.]+)` \|/gm

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chronicle-contradictions-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

// biome-ignore lint/suspicious/noExplicitAny: the page has them as text
type Options = any

/** Each closes what it opens, and returns the options that the notes name. */
const CALLS: Readonly<Record<string, (options: Options) => readonly string[] | Promise<unknown>>> = {
  openWriter: (options) => {
    using writer = openWriter(join(folder, 'queue'), options)
    return writer.notes.map(({ option }) => option)
  },
  openReader: (options) => {
    openReader(queue(), 'reader', options).close()
    return []
  },
  FanInReader: (options) => {
    new FanInReader(options).close()
    return []
  },
  'FanInReader.add': (options) => {
    using fanIn = new FanInReader({ ownsSources: true })
    using observer = openObserver(queue())
    fanIn.add('key', observer, options)
    return []
  },
  subscribe: (options) => {
    using bus = openBus(folder, { quotes: feed('quotes', [message('Quote', 1, { bid: f64() })]) })
    bus.subscribe('quotes', options).close()
    return []
  },
  RouterDiscovery: (options) => {
    new RouterDiscovery(folder, options).close()
    return []
  },
  Pusher: (options) => {
    new Pusher({} as never, {} as never, options)
    return []
  },
  connectNats: (options) => connectNats(options).then((connection) => connection.close()),
}

function queue(): string {
  const directory = join(folder, 'queue')
  openWriter(directory).close()
  return directory
}

const rows = [...page.matchAll(ROW)].map(([, call = '', options = '', outcome = '', name = '']) => ({
  call,
  options,
  outcome,
  name,
}))

it('is a table with every row of its section, and every call', () => {
  const [section = ''] = page.split('## Options that contradict each other')[1]?.split(/^## /m) ?? []
  expect(rows.length).toBe((section.match(/^\| /gm)?.length ?? 0) - 1)
  expect(new Set(rows.map(({ call }) => call))).toEqual(new Set(Object.keys(CALLS)))
})

it.each(rows)('$call($options) is in the notes or refused, as the page says: $name', async ({ call, options, outcome, name }) => {
  const run = async (): Promise<unknown> => CALLS[call]?.(new Function(`return ${options}`)())
  if (outcome === 'note') expect(await run()).toEqual([name])
  else await expect(run()).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', argument: name })
})
