import { Argument, type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { parseReaderPlaceOption } from '../../options.js'
import { manual } from '../../output/manual.js'
import { onQueuesIn } from '../../queues/queues-in.js'
import { listReadersOf, showReader } from './list-readers.js'
import type { ReadersOptions } from './readers-options.js'
import { removeReaderOf, resetReader } from './reset-reader.js'

const ACTIONS = ['list', 'show', 'reset', 'remove'] as const

const EXAMPLES = `
list and show print the positions and the lag of the registered readers of a queue; they only read. reset gives a reader another position: earliest, latest, a sequence (sequence:120000), or a time
(RFC 3339, nanoseconds since 1970, or a span ago); the reader continues with the first message at or after it. remove deletes the reader's position, so that it pins no segment any more.

reset and remove show what they would do, and do it with --yes. A reader that is running is not changed (exit code 4).

Examples:
  $ chron-cli readers list /var/lib/trades
  $ chron-cli readers show /var/lib/trades router --json
  $ chron-cli readers reset /var/lib/trades router --to latest              what would be done
  $ chron-cli readers reset /var/lib/trades router --to 15m --yes
  $ chron-cli readers reset /var/lib/trades router --to sequence:120000 --yes
  $ chron-cli readers remove /var/lib/trades old-router --yes
`

export function addReadersCommand(program: Command, run: Runner): void {
  program
    .command('readers')
    .summary('list, show, reset or remove the registered readers of a queue')
    .description('Show the registered readers of a queue, give one another position, or remove one.')
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .argument('<queue>', 'a queue; for list also a directory with queues below it')
    .argument('[reader]', 'name of the reader; list needs none')
    .addOption(
      new Option('--to <place>', 'with reset: earliest, latest, sequence:<n>, or a time').argParser(parseReaderPlaceOption),
    )
    .option('--yes', 'with reset or remove: do it')
    .addHelpText('after', manual(EXAMPLES))
    .action(
      (action: (typeof ACTIONS)[number], queue: string, reader: string | undefined, options: ReadersOptions, command: Command) =>
        run(command, (context) => readers(context, { action, queue, reader, options })),
    )
}

interface ReadersRun {
  readonly action: (typeof ACTIONS)[number]
  readonly queue: string
  readonly reader: string | undefined
  readonly options: ReadersOptions
}

async function readers(context: CommandContext, { action, queue, reader, options }: ReadersRun): Promise<number> {
  if (action !== 'reset' && options.to !== undefined) throw new UsageError('--to belongs to reset')
  if ((action === 'list' || action === 'show') && options.yes) throw new UsageError('--yes belongs to reset and remove')
  if (action === 'list') {
    if (reader !== undefined) throw new UsageError('list takes no reader; show does')
    return await onQueuesIn(context, [queue], (queues) => listReadersOf(context, queues))
  }
  if (reader === undefined) throw new UsageError(`${action} needs the name of a reader`)
  if (action === 'show') return showReader(context, queue, reader)
  if (action === 'reset') await resetReader(context, queue, { name: reader, options })
  else await removeReaderOf(context, queue, { name: reader, options })
  return EXIT_HEALTHY
}
