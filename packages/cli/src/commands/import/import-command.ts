import { type Command, Option } from 'commander'
import type { Runner } from '../../command-context.js'
import { parseCountOption, parseSizeOption, parseTypeIdOption } from '../../options.js'
import { manual } from '../../output/manual.js'
import { importMessages } from './import-messages.js'
import type { ImportOptions } from './import-options.js'
import { IMPORT_FORMATS } from './read-messages.js'

const EXAMPLES = `
Appends messages to a queue, which is created when it does not exist. NDJSON and CSV are the formats of chron-cli export: type, time, schema version, trace and source come from the input, sequences from
the queue. NDJSON brings the message types and the names of sources along, for the schema registry of the queue; --registry takes them from a queue, for inputs that have none. Where the queue has other definitions, nothing is appended. lines makes one message of every line, raw one message of each whole input. Messages are durable when the command ends.

With an empty cell of CSV the message gets the type of --type or the present time. A byte order mark at the beginning of NDJSON or CSV is skipped. Input that cannot be kept unchanged is refused: text that is not UTF-8
or holds half of a surrogate pair, base64 that no encoder writes, a timestampNs that JSON has rounded.

An invalid line ends the import with its number and exit code 1; the messages before it are in the queue, and the command reports how many. It also reports how many of them are on the disk where a sync failed. --resume continues an import that was interrupted: it compares what is in the
queue, from the sequence at which that import began, with the same input, and appends the missing messages. If they differ, nothing is appended. Ctrl-C ends an import in the same way, after the messages that are in were made durable. A queue that is being written to is not changed (exit code 4).

Examples:
  $ chron-cli export old | chron-cli import new --yes
  $ chron-cli import new day.csv --format csv --yes
  $ chron-cli import new day.csv --format csv --yes --resume          the queue began with this file
  $ chron-cli import old day.csv --format csv --yes --resume 120000   the import began at sequence 120000
  $ chron-cli import new day.csv --format csv --registry old --yes
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
    .option('-t, --type <id>', 'type of messages whose input has none', parseTypeIdOption, 0)
    .option('--segment-size <size>', 'bytes per segment, when the queue is made', parseSizeOption)
    .option('--registry <queue>', 'take message types and sources from this queue')
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
