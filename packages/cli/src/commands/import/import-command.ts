import { type Command, Option } from 'commander'
import type { Runner } from '../../command-context.js'
import { parseCountOption, parseSizeOption, parseTypeIdOption } from '../../options.js'
import { manual } from '../../output/manual.js'
import { importMessages } from './import-messages.js'
import { IMPORT_FORMATS, type ImportFormat } from './read-messages.js'

/** Options as the user gives them. */
export interface ImportOptions {
  readonly format: ImportFormat
  readonly type: number
  readonly segmentSize?: number
  readonly now?: boolean
  /** The sequence at which an earlier import began; `true`: the first one of the queue. */
  readonly resume?: number | true
  readonly yes?: boolean
}

const EXAMPLES = `
Appends messages to a queue, which is made when there is none. NDJSON and CSV are what chron-cli export writes: typeId, timestampNs, and text or base64 are taken from there, sequences are the
queue's own. lines makes one message of every line, raw one message of each whole input. Messages are durable when the command ends.

An empty cell of CSV says nothing: its message gets the type of --type and the present time. A byte order mark at the beginning of NDJSON or CSV is passed over. What could only be kept by changing it is refused: text that is not UTF-8
or holds half of a surrogate pair, base64 that no encoder writes, a timestampNs that JSON has rounded.

A line that cannot be understood ends the import with its number and exit code 1; what came before it is in the queue, and the command says how much that is. --resume continues an import that was interrupted: it compares what is in the
queue, from the sequence at which that import began, with the same input, and appends what is missing. Where they differ, nothing is appended. A queue that is being written to is left alone (exit code 4).

Examples:
  $ chron-cli export old | chron-cli import new --yes
  $ chron-cli import new day.csv --format csv --yes
  $ chron-cli import new day.csv --format csv --yes --resume          the queue began with this file
  $ chron-cli import old day.csv --format csv --yes --resume 120000   the import began at sequence 120000
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
    .option(
      '--resume [sequence]',
      'go on with an import that began at this sequence (default: the first of the queue)',
      parseCountOption,
    )
    .option('--yes', 'do it; without it the input is only checked')
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, files: string[], options: ImportOptions, command: Command) =>
      run(command, (context) => importMessages(context, queue, { files: files.length === 0 ? ['-'] : files, options })),
    )
}
