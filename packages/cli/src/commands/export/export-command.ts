import { sep } from 'node:path'
import { type ColdRecord, openColdReader } from '@chronicle-ts/inspect'
import type { WhereExpression } from '@chronicle-ts/typed'
import { type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { interruptibleTurn } from '../../interruptible.js'
import { registryAsFields, registryOf } from '../../messages/carried-registry.js'
import { openDecoder } from '../../messages/open-decoder.js'
import type { RecordDecoder } from '../../messages/record-decoder.js'
import { parseWhereOption, whereFilter } from '../../messages/where-option.js'
import { parseCountOption, parseTimeOption, parseTypeOption } from '../../options.js'
import { manual } from '../../output/manual.js'
import { Output } from '../../output/output.js'
import { printableLines } from '../../output/printable.js'
import { realPath } from '../../real-path.js'
import { TurnClock } from '../../turn-clock.js'
import { messageFilter } from '../tail/message-filter.js'
import { messageAsJson } from '../tail/message-format.js'
import { LOOKING, MessageSearch } from '../tail/message-search.js'
import { csvHeader, messageAsCsv } from './csv.js'
import { ExportFile } from './export-file.js'
import { FieldColumns } from './field-columns.js'

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
  readonly safe?: boolean
  readonly where?: WhereExpression
  readonly fields?: boolean
}

const EXAMPLES = `
Reads without joining the queue, from its first message to the end that it has when the export begins. NDJSON is lossless: chron-cli import makes the same messages from it, with the same times, types, traces and sources. Its first message also has schemas and sources, where the queue
has a schema registry or a list of sources. CSV has the same fields but for these and says how the payload is written (text or base64); with --safe a payload that a spreadsheet would run as a formula gets a leading apostrophe, which an import does not remove. raw is the payloads one after the other, with nothing in between.

--fields decodes by the queue's schema registry: CSV then has a column per field, with lists as JSON, and NDJSON an object fields beside the payload. --where chooses messages by field; see chron-cli tail --help.
-o writes under a temporary name and renames at the end: until the export is complete, and when it fails, the earlier file is unchanged.

Damage is reported and left out; the exit code is then 3.

Examples:
  $ chron-cli export /var/lib/trades > trades.ndjson
  $ chron-cli export /var/lib/trades --format csv --since 2026-11-21 --until 2026-11-22 -o day.csv
  $ chron-cli export /var/lib/quotes --format csv --fields -t 1 -o quotes.csv
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
    .option('-w, --where <expression>', 'only messages whose fields match', parseWhereOption)
    .option('--fields', 'decode messages by the schema registry: a column per field, or an object')
    .option('-l, --limit <count>', 'stop after this many messages', parseCountOption)
    .option('--safe', 'with --format csv: no payload that a spreadsheet runs as a formula')
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, options: ExportOptions, command: Command) =>
      run(command, (context) => exportQueue(context, queue, options)),
    )
}

async function exportQueue(context: CommandContext, queue: string, options: ExportOptions): Promise<number> {
  if (options.safe === true && options.format !== 'csv') throw new UsageError('--safe belongs to --format csv')
  if (options.fields === true && options.format === 'raw') throw new UsageError('--fields belongs to --format csv and ndjson')
  if (options.output !== undefined && realPath(options.output).startsWith(`${realPath(queue)}${sep}`))
    throw new UsageError(`--output ${options.output} is inside the queue, which an export only reads`)
  const { fromSequence, since } = options
  const from = fromSequence !== undefined ? { sequence: fromSequence } : since !== undefined ? { timestampNs: since } : 'earliest'
  // Before any file is made: a queue that cannot be read leaves the file of an earlier export as it was.
  using reader = await interruptibleTurn(context, () => openColdReader(queue, { from, to: 'present' }))
  const decoder = openDecoder(context, queue)
  const byFields = options.where === undefined ? undefined : whereFilter(options.where, decoder)
  const found = { queue, decoder, search: new MessageSearch(reader, messageFilter(options, byFields)), options }
  if (options.output === undefined) return await writeMessages(context, { ...found, output: context.output })
  const file = new ExportFile(options.output)
  try {
    const output = new Output(file, {})
    const exitCode = await writeMessages(context, { ...found, output })
    output.flush()
    if (!context.signal.aborted) file.commit()
    return exitCode
  } finally {
    file.abandon()
  }
}

interface ExportRun {
  readonly queue: string
  readonly decoder: RecordDecoder
  readonly search: MessageSearch
  readonly output: Output
  readonly options: ExportOptions
}

async function writeMessages(context: CommandContext, run: ExportRun): Promise<number> {
  const { queue, decoder, search, output, options } = run
  const { limit = Number.POSITIVE_INFINITY } = options
  const write = messageWriter(run)
  const turns = new TurnClock()
  let lossy = false
  let written = 0
  while (written < limit && !context.signal.aborted) {
    if (turns.isDue) await turns.take()
    if (output.isFull) await output.drained(context.signal)
    const item = search.next()
    if (item === undefined) break
    if (item === LOOKING) continue
    if (item.kind === 'problem') {
      lossy ||= item.problem.severity !== 'info'
      context.log.warn({ queue, code: item.problem.code }, item.problem.message)
    } else {
      write(item)
      written += 1
    }
  }
  context.log.debug({ queue, written }, 'exported')
  if (context.interrupted()) return EXIT_INTERRUPTED
  // A message that could not be judged may be one that was asked for.
  return lossy || decoder.badCount > 0 ? EXIT_WARNING : EXIT_HEALTHY
}

function messageWriter({
  queue,
  output,
  decoder,
  options: { format, safe = false, fields = false, type },
}: ExportRun): (record: ColdRecord) => void {
  const print = (line: string): void => output.line(output.isTerminal ? printableLines(line) : line)
  switch (format) {
    case 'ndjson': {
      let more: object | undefined = registryAsFields(registryOf(queue, type))
      return (record) => {
        output.line(messageAsJson(record, { more, ...(fields && { decoded: decoder.decode(record) }) }))
        more = undefined
      }
    }
    case 'csv': {
      if (!fields) {
        output.line(csvHeader())
        return (record) => print(messageAsCsv(record, { safe }))
      }
      const columns = new FieldColumns(decoder, { types: type, safe })
      print(columns.header())
      return (record) => print(columns.line(record))
    }
    case 'raw':
      return (record) => output.bytes(record.payload)
  }
}
