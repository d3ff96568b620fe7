import { Argument, type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { parseCountOption, parseSizeOption } from '../../options.js'
import { manual } from '../../output/manual.js'
import type { BridgeOptions } from './bridge-options.js'

const ACTIONS = ['push', 'pull', 'status', 'promote', 'rejoin'] as const
type Action = (typeof ACTIONS)[number]

const EXAMPLES = `
Carries a queue to other hosts, over NATS JetStream or, with -, as frames over a pipe. push publishes the records of a queue; pull takes them over into a replica, with the same sequences. Both run
until Ctrl-C, and continue through restarts of the servers; --once ends them when everything is there. status shows where queue, stream and sinks are.

promote makes a replica the source: the old source is fenced. rejoin makes a fenced source a replica; what it had not replicated goes to its quarantine. Both need --yes.

Exit code 3: records are missing that the other end needs, or a pipe broke. Exit code 2: the two ends differ, or the queue is fenced. docs/replication.md has a table of all failures.

Examples:
  $ chron-cli bridge push /var/lib/trades --to nats://nats1,nats://nats2 --hold-until sink
  $ chron-cli bridge pull /var/lib/trades --from nats://nats1 --queue-id 5c3624b2c83e4f6f97dd0a499a0dc303
  $ chron-cli bridge push /var/lib/trades --to - | ssh b chron-cli bridge pull /var/lib/trades --from -
  $ chron-cli bridge status /var/lib/trades --to nats://nats1 --json
  $ chron-cli bridge promote /var/lib/trades --to nats://nats1 --yes
`

export function addBridgeCommand(program: Command, run: Runner): void {
  program
    .command('bridge')
    .summary('carry a queue to other hosts, over NATS or a pipe')
    .description('Push a queue to a stream, pull a replica from it, or promote a replica.')
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .argument('<queue>', 'directory of the queue or replica')
    .option('--to <url>', 'NATS servers, separated by commas; - is standard output, for push')
    .option('--from <url>', 'with pull: NATS servers; - is standard input')
    .option('--queue-id <id>', 'with pull: id of the queue, as status of its source shows it')
    .option('--name <name>', 'with pull and promote: name of this sink among others (host name)')
    .option('--reader <name>', 'with push: name of the reader that holds records', 'bridge')
    .addOption(
      new Option('--hold-until <end>', 'with push: which end must have records before they may be deleted').choices([
        'stream',
        'sink',
      ]),
    )
    .option('--once', 'end when everything is there')
    .option('--from-sequence <n>', 'with push to a pipe: first sequence', parseCountOption)
    .option('--follow', 'with push to a pipe: continue with what is appended')
    .option('--stream <name>', 'name of the stream (chronicle-<id>)')
    .option('--subject <subject>', 'subject of the frames (chronicle.<id>.data)')
    .option('--stream-replicas <n>', 'with push: servers that keep a new stream', parseCountOption)
    .option('--stream-max-bytes <size>', 'with push: bytes that a new stream keeps', parseSizeOption)
    .option('--sink <name...>', 'with push --hold-until sink: sinks that count, although the stream does not know them')
    .addOption(new Option('--compression <kind>', 'with push: zstd needs Node.js 22.15 on both hosts').choices(['none', 'zstd']))
    .option('--creds <file>', 'file with NATS credentials')
    .option('--nkey <file>', 'file with the seed of an nkey')
    .option('--user <name>', 'user of NATS, with --password-file')
    .option('--password-file <file>', 'file with the password of the user')
    .option('--token-file <file>', 'file with a token')
    .option('--tls-ca <file>', 'certificates of the authority')
    .option('--tls-cert <file>', 'certificate of this client')
    .option('--tls-key <file>', 'key of this client')
    .option('--yes', 'with promote and rejoin: do it')
    .addHelpText('after', manual(EXAMPLES))
    .action((action: Action, queue: string, options: BridgeOptions, command: Command) =>
      run(command, (context) => bridge(context, { action, queue, options })),
    )
}

interface BridgeRun {
  readonly action: Action
  readonly queue: string
  readonly options: BridgeOptions
}

/** The client of NATS is loaded when it is needed: the other commands start without it. */
async function bridge(context: CommandContext, { action, queue, options }: BridgeRun): Promise<number> {
  const url = action === 'pull' ? options.from : options.to
  if (url === undefined) throw new UsageError(`${action} needs --${action === 'pull' ? 'from' : 'to'} <url>`)
  if (url === '-' && action !== 'push' && action !== 'pull') throw new UsageError(`${action} needs a NATS server`)
  if ((action === 'promote' || action === 'rejoin') && options.yes !== true)
    throw new UsageError(`${action} changes ${queue}; add --yes to do it`)
  if (action === 'push') {
    const { push, pushToPipe } = await import('./push.js')
    return url === '-' ? pushToPipe(context, queue, options) : push(context, queue, { ...options, url })
  }
  if (action === 'pull') {
    const { pull, pullFromPipe } = await import('./pull.js')
    return url === '-' ? pullFromPipe(context, queue, options) : pull(context, queue, { ...options, url })
  }
  const terms = await import('./terms.js')
  return terms[action](context, queue, { ...options, url })
}
