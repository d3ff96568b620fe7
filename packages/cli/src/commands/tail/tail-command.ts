import { type Command, Option } from 'commander'
import type { Runner } from '../../command-context.js'
import { parseWhereOption } from '../../messages/where-option.js'
import { parseCountOption, parsePatternOption, parseTimeOption, parseTypeOption } from '../../options.js'
import { manual } from '../../output/manual.js'
import { onQueuesIn } from '../../queues/queues-in.js'
import { MESSAGE_FORMATS } from './message-format.js'
import { tail } from './tail.js'
import type { TailOptions } from './tail-options.js'

const EXAMPLES = `
Does not join the queue: it registers nothing, holds back no retention, and changes no file. Damage is reported on standard error and
skipped; the exit code is then 3.

Several queues are merged by time; -n then counts per queue. -n counts messages that pass --type, --grep, --since and --until.

With --json every message is one object on a line of its own: sequence, timestampNs (a string, because it does not fit a JSON number), typeId, length, segment, offset, and the
payload as text where it is UTF-8, else as base64. With several queues each also has queue.

Messages whose type is in the queue's schema registry are shown by field; --json adds type, schemaVersion and fields. --where chooses by field, as in 'bid > 60000 && symbol == "BTC-USD"': comparisons, in [1, 2], contains,
&& || !, parentheses; bids[0].price inside of fields; $type, $typeId, $version, $sequence and $timestampNs of the record.

Ctrl-C ends -f with exit code 0; without -f it is an interruption and the code is 130.

Examples:
  $ chron-cli tail /var/lib/trades                               the last ten messages
  $ chron-cli tail /var/lib/trades -n 0 -f --json | jq .text     what comes from now on
  $ chron-cli tail /var/lib/trades --since 15m --type 3,4
  $ chron-cli tail /var/lib/trades --from-sequence 1000000 --limit 1
  $ chron-cli tail orders/a orders/b --grep '/btc/i' --format utf8
  $ chron-cli tail /var/lib/quotes --where 'bid > 60000 && symbol == "BTC-USD"' -f
  $ chron-cli tail /var/lib/frames -n 1 --format raw > frame.bin
`

export function addTailCommand(program: Command, run: Runner): void {
  program
    .command('tail')
    .summary('show messages, and follow new ones')
    .description('Print the last messages of one or more queues.')
    .argument('<queue...>', 'queues, or directories with queues below them')
    .option(
      '-n, --lines <count>',
      'how many messages from the end (default 10; without it --since and --from-sequence show all)',
      parseCountOption,
    )
    .option('-f, --follow', 'follow messages that are appended')
    .option(
      '--since <time>',
      'only messages from this time on: RFC 3339, nanoseconds since 1970, or a span ago (15m)',
      parseTimeOption,
    )
    .option('--until <time>', 'only messages up to this time', parseTimeOption)
    .option('--from-sequence <n>', 'begin at this sequence', parseCountOption)
    .option('-t, --type <ids>', 'only these types; may be repeated', parseTypeOption)
    .option('-g, --grep <regexp>', 'only payloads whose text matches; /pattern/i for flags', parsePatternOption)
    .option('-w, --where <expression>', 'only messages whose fields match', parseWhereOption)
    .option('--no-decode', 'show bytes, also of types that the schema registry holds')
    .option('-l, --limit <count>', 'stop after this many messages', parseCountOption)
    .addOption(
      new Option('--format <format>', 'how payloads are shown (default text; json with --json)').choices(MESSAGE_FORMATS),
    )
    .option('--max-bytes <count>', 'bytes of a payload that the text format shows, 0 for all (default 512)', parseCountOption)
    .addHelpText('after', manual(EXAMPLES))
    .action((queues: string[], options: TailOptions, command: Command) =>
      run(command, (context) => onQueuesIn(context, queues, (found) => tail(context, found, options)), {
        isEndless: options.follow === true,
      }),
    )
}
