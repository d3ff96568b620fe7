import { closeSync, openSync, writeFileSync } from 'node:fs'
import { sep } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type ColdRecord, openColdReader } from '@chronicle-ts/core'
import { type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../error-report.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { parseCountOption, parseTimeOption, parseTypeOption } from '../../options.js'
import { manual } from '../../output/manual.js'
import { Output, type OutputStream } from '../../output/output.js'
import { printableLines } from '../../output/printable.js'
import { realPath } from '../../real-path.js'
import { messageFilter } from '../tail/message-filter.js'
import { messageAsJson } from '../tail/message-format.js'
import { csvHeader, messageAsCsv } from './csv.js'

const FORMATS = ['ndjson', 'csv', 'raw'] as const

interface ExportOptions {
  readonly format: (typeof FORMATS)[number]
  readonly output?: string
  readonly since?: bigint
  readonly until?: bigint
  readonly fromSequence?: number
  readonly toSequence?: number
  readonly type?: readonly number[]
  readonly limit?: number
}

/** Messages between two turns of the event loop. */
const TURN_COUNT = 512

const EXAMPLES = `
Reads without joining the queue, from its first message to its present end. NDJSON is lossless: chron-cli import makes the same messages of it, with the same times and types. CSV has the
same fields and says how the payload is written (text or base64). raw is the payloads one behind the other, with nothing in between.

Damage is reported and left out; the exit code is then 3.

Examples:
  $ chron-cli export /var/lib/trades > trades.ndjson
  $ chron-cli export /var/lib/trades --format csv --since 2026-11-21 --until 2026-11-22 -o day.csv
  $ chron-cli export /var/lib/trades | gzip > trades.ndjson.gz
`

export function addExportCommand(program: Command, run: Runner): void {
  program
    .command('export')
    .summary('write messages as NDJSON, CSV or raw bytes')
    .description('Write the messages of a queue in a form that other programs read.')
    .argument('<queue>', 'directory of a queue')
    .addOption(new Option('--format <format>', 'what to write').choices(FORMATS).default('ndjson'))
    .option('-o, --output <file>', 'write here instead of to standard output')
    .option('--since <time>', 'only messages from this time on', parseTimeOption)
    .option('--until <time>', 'only messages up to this time', parseTimeOption)
    .option('--from-sequence <n>', 'begin at this sequence', parseCountOption)
    .option('--to-sequence <n>', 'end with this sequence', parseCountOption)
    .option('-t, --type <ids>', 'only these types; may be repeated', parseTypeOption)
    .option('-l, --limit <count>', 'stop after this many messages', parseCountOption)
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, options: ExportOptions, command: Command) =>
      run(command, (context) => exportQueue(context, queue, options)),
    )
}

async function exportQueue(context: CommandContext, queue: string, options: ExportOptions): Promise<number> {
  if (options.output === undefined) return writeMessages(context, queue, options, context.output)
  if (realPath(options.output).startsWith(`${realPath(queue)}${sep}`))
    throw new UsageError(`--output ${options.output} is inside the queue, which an export only reads`)
  const fd = openSync(options.output, 'w')
  try {
    const file: OutputStream = {
      write: (chunk) => {
        writeFileSync(fd, chunk)
        return true
      },
    }
    const output = new Output(file, {})
    const exitCode = await writeMessages(context, queue, options, output)
    output.flush()
    return exitCode
  } finally {
    closeSync(fd)
  }
}

async function writeMessages(context: CommandContext, queue: string, options: ExportOptions, output: Output): Promise<number> {
  const { fromSequence, since, toSequence = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = options
  const from = fromSequence !== undefined ? { sequence: fromSequence } : since !== undefined ? { timestampNs: since } : 'earliest'
  const filter = messageFilter(options)
  const write = messageWriter(output, options.format)
  using reader = openColdReader(queue, { from })
  let lossy = false
  let looks = 0
  let written = 0
  for (const item of reader) {
    looks += 1
    if (looks % TURN_COUNT === 0) await turn()
    if (context.signal.aborted || written >= limit) break
    if (item.kind === 'problem') {
      lossy ||= item.problem.severity !== 'info'
      context.log.warn({ queue, code: item.problem.code }, item.problem.message)
    } else if (item.kind === 'record' && item.sequence <= toSequence && (filter === undefined || filter(item))) {
      write(item)
      written += 1
    }
  }
  context.log.debug({ queue, written }, 'exported')
  if (context.interrupted()) return EXIT_INTERRUPTED
  return lossy ? EXIT_WARNING : EXIT_HEALTHY
}

function messageWriter(output: Output, format: ExportOptions['format']): (record: ColdRecord) => void {
  switch (format) {
    case 'ndjson':
      return (record) => output.line(messageAsJson(record))
    case 'csv':
      output.line(csvHeader())
      return (record) => output.line(output.isTerminal ? printableLines(messageAsCsv(record)) : messageAsCsv(record))
    case 'raw':
      return (record) => output.bytes(record.payload)
  }
}
