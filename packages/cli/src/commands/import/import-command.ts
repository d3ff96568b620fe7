import { accessSync, constants } from 'node:fs'
import { openWriter } from '@chronicle-ts/core'
import { type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../error-report.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED } from '../../exit-codes.js'
import { parseSizeOption, parseTypeIdOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatCountOf } from '../../output/quantities.js'
import { IMPORT_FORMATS, type ImportFormat, readMessages } from './read-messages.js'

interface ImportOptions {
  readonly format: ImportFormat
  readonly type: number
  readonly segmentSize?: number
  readonly now?: boolean
  readonly yes?: boolean
}

const EXAMPLES = `
Appends messages to a queue, which is made when there is none. NDJSON and CSV are what chron-cli export writes: typeId, timestampNs, and text or base64 are taken from there, sequences are the
queue's own. lines makes one message of every line, raw one message of each whole input. Messages are durable when the command ends.

A line that cannot be understood ends the import with its number and exit code 1; what came before it is in the queue. A queue that is being written to is left alone (exit code 4).

Examples:
  $ chron-cli export old | chron-cli import new --yes
  $ chron-cli import new day.csv --format csv --yes
  $ journalctl -f -o json | chron-cli import /var/lib/journal --format lines --type 7 --yes
`

export function addImportCommand(program: Command, run: Runner): void {
  program
    .command('import')
    .summary('append messages from NDJSON, CSV, lines or raw bytes')
    .description('Append messages from files, or from standard input, to a queue.')
    .argument('<queue>', 'directory of a queue')
    .argument('[files...]', 'what to read; - or nothing is standard input')
    .addOption(new Option('--format <format>', 'what is read').choices(IMPORT_FORMATS).default('ndjson'))
    .option('-t, --type <id>', 'type of messages whose input does not tell one', parseTypeIdOption, 0)
    .option('--segment-size <size>', 'bytes per segment, when the queue is made', parseSizeOption)
    .option('--now', 'give messages the present time instead of the one they had')
    .option('--yes', 'do it; without it the input is only checked')
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, files: string[], options: ImportOptions, command: Command) =>
      run(command, (context) => importMessages(context, queue, { files: files.length === 0 ? ['-'] : files, options })),
    )
}

async function importMessages(
  context: CommandContext,
  queue: string,
  { files, options }: { files: readonly string[]; options: ImportOptions },
): Promise<number> {
  // Before a queue is made for what cannot be read.
  for (const file of files) if (file !== '-') accessSync(file, constants.R_OK)
  const segmentSize = options.segmentSize === undefined ? {} : { segmentSize: options.segmentSize }
  const writer = options.yes === true ? openWriter(queue, segmentSize) : undefined
  let count = 0
  try {
    for (const file of files) {
      for await (const message of readMessages(file, options.format, context.signal)) {
        if ('error' in message)
          throw new UsageError(`${file}:${message.line}: ${message.error}; ${formatCountOf(count, 'message')} came before it`)
        const { typeId = options.type, payload, timestampNs } = message
        const time = timestampNs === undefined || options.now === true ? undefined : { timestampNs }
        writer?.append(typeId, payload, time)
        count += 1
        if (context.signal.aborted) break
      }
    }
    writer?.flushSync()
  } finally {
    writer?.close()
  }
  report(context, { queue, count, written: writer !== undefined })
  return context.signal.aborted ? EXIT_INTERRUPTED : EXIT_HEALTHY
}

function report({ output, json }: CommandContext, result: { queue: string; count: number; written: boolean }): void {
  if (json) output.line(toJsonReport('import', { queue: result.queue, messages: result.count, written: result.written }))
  else if (result.written) output.line(`${formatCountOf(result.count, 'message')} appended to ${printable(result.queue)}`)
  else output.line(`${formatCountOf(result.count, 'message')} understood. Nothing was written. Add --yes to do it.`)
}
