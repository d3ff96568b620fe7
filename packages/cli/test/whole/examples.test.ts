import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { backupQueue } from '@chronicle-ts/inspect'
import { ascii, f64, message } from '@chronicle-ts/schema'
import { openTypedWriter } from '@chronicle-ts/typed'
import { CommanderError } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProgram } from '../../src/program.js'
import { QueueFolder } from '../support/queue-folder.js'
import { runCli } from '../support/run-cli.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

/** Examples that end only when they are interrupted, need other hosts, or take the time that they say. Their command lines are checked like all others. */
const NOT_RUN = /^(monitor|ui|bench|bridge) |^bench$| --(listen|watch|follow|wait|step)\b| -f\b|^replay (?!.*--speed (max|60))/

/** Every documented exit code: the small queues of this test lack segments and sequences that examples name. A wrong command line says how to get help, and a defect shows a stack trace. */
const EXIT_CODES: readonly (number | null)[] = [0, 1, 2, 3, 4]
const DEFECT = /run with --help|\n\s+at \S.*:\d+|ERR_INTERNAL/

/** Words of examples that are paths in the directory in which the user stands. */
const RELATIVE = /^(a|b|old|new|orders\/[ab]|day\.csv|quotes\.csv|trace\.json|\S+\.json\.gz)$/

let template: QueueFolder

interface Example {
  /** As it stands in the manual, without what follows the command. */
  readonly line: string
  readonly args: readonly string[]
}

/** The examples of every manual: the words of `chron-cli` up to a pipe, a redirection, the next command or a remark. */
async function examples(): Promise<Example[]> {
  const program = await createProgram('1.0.0', async () => undefined)
  const texts = ['', ...program.commands.map((command) => command.name())].map(
    (name) => runCli([...(name === '' ? [] : [name]), '--help']).stdout,
  )
  const lines = texts.flatMap((text) => [...text.matchAll(/^ {2}\$ (?:.*\| )?chron-cli (.*)$/gm)].map(([, line = '']) => line))
  return lines
    .flatMap((line) => line.split(/ \| chron-cli /))
    .map((line) => {
      const args = wordsOf(line)
      return { line: args.join(' '), args }
    })
}

/** The words of a shell command, as far as the examples need a shell: single and double quotes. */
function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [, single, double, plain] of line.replace(/ {3,}\S.*$/, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)) {
    const word = single ?? double ?? plain ?? ''
    if (plain !== undefined && /^(\||>|&&|<)$/.test(plain)) break
    words.push(word)
  }
  return words
}

function makeQueues(): void {
  const trace = { traceId: TRACE, spanId: 'cd'.repeat(8), sampled: true }
  for (const path of ['lib/trades', 'lib/frames', 'lib/fills', 'lib/a', 'lib/b', 'a', 'b', 'old', 'orders/a', 'orders/b']) {
    using writer = openWriter(template.join(path), { segmentSize: 4096 })
    for (let index = 0; index < 30; index += 1) writer.append((index % 4) + 1, Buffer.from(`{"price":${index}}`))
    writer.append(1, Buffer.from('traced'), { trace })
    for (const name of ['router', 'audit', 'old-router']) openReader(template.join(path), name, { start: 'earliest' }).close()
  }
  const bus = template.join('lib/bus/orders/queue/alpha/orders_out')
  cpSync(template.join('a'), bus, { recursive: true })
  writeFileSync(join(bus, 'READY'), '')
  writeFileSync(join(bus, 'LEASE'), '{"pid":1,"startTime":1,"bootId":"","epoch":1,"timestampNs":"1700000000000000000"}\n')
  const Quote = message('Quote', 1, { bid: f64(), ask: f64(), symbol: ascii(8) })
  {
    using quotes = openTypedWriter(template.join('lib/quotes'), [Quote], { segmentSize: 4096 })
    quotes.write(Quote, (quote) => Object.assign(quote, { bid: 60_000.5, ask: 60_001, symbol: 'BTC-USD' }))
  }
  mkdirSync(template.join('backup'))
  mkdirSync(template.join('mnt/backup'), { recursive: true })
  mkdirSync(template.join('tmp'))
  cpSync(template.join('lib/quotes'), template.join('mnt/backup/quotes'), { recursive: true })
  backupQueue(template.join('lib/trades'), template.join('backup/trades-2026-11-28'))
  writeFileSync(template.join('day.csv'), runCli(['export', template.join('a'), '--format', 'csv']).stdout)
}

/** Where an example's path is in a copy of the queues. */
function pathIn(folder: QueueFolder, word: string): string {
  if (RELATIVE.test(word)) return folder.join(word)
  return word.replace(/^\/(?:var\/)?(lib|backup|tmp|mnt)(?=\/)/, (_, name: string) => folder.join(name))
}

describe('the examples of the manuals', () => {
  beforeAll(() => {
    template = new QueueFolder()
    makeQueues()
  })
  afterAll(() => template.remove())

  it('are command lines that chron-cli takes', async () => {
    const all = await examples()
    expect(all.length).toBeGreaterThan(80)
    const refused: string[] = []
    for (const { line, args } of all) {
      const asked: string[] = []
      const program = await createProgram('1.0.0', async (command) => void asked.push(command.name()), args)
      program.configureOutput({ writeErr: () => undefined })
      for (const command of program.commands) command.configureOutput({ writeErr: () => undefined })
      try {
        await program.parseAsync([...args], { from: 'user' })
        if (asked[0] !== args[0]) refused.push(`${line}: ran ${asked[0]}`)
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error
        refused.push(`${line}: ${error.message}`)
      }
    }
    expect(refused).toEqual([])
  })

  it('run, all that end by themselves', async () => {
    const failed: string[] = []
    let count = 0
    for (const { line, args } of await examples()) {
      if (NOT_RUN.test(line)) continue
      const folder = new QueueFolder()
      cpSync(template.path, folder.path, { recursive: true })
      const words = args.map((word) => pathIn(folder, word))
      const input = args[0] === 'import' && !args.includes('day.csv') ? [folder.join('messages')] : []
      writeFileSync(folder.join('messages'), '{"typeId":1,"text":"one"}\n')
      const { exitCode, stderr } = runCli([...words, ...input])
      if (!EXIT_CODES.includes(exitCode) || DEFECT.test(stderr))
        failed.push(`${line}: exit code ${exitCode}, ${folder.normalise(stderr)}`)
      folder.remove()
      count += 1
    }
    expect(failed).toEqual([])
    expect(count).toBeGreaterThan(55)
  }, 900_000)
})
