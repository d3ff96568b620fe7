import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { findQueues } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { withoutSlash } from '../../queues/queue-names.js'
import { type ListenAddress, parseListenOption, serveUntilStopped } from '../../serve-until-stopped.js'
import { QueueCatalog } from './queue-catalog.js'
import { RequestGuard } from './request-guard.js'
import { createUiServer } from './ui-server.js'

interface UiOptions {
  readonly listen?: ListenAddress
  readonly token?: boolean
  readonly tokenFile?: string
  readonly host?: readonly string[]
}

const DEFAULT_PORT = 9465
const TOKEN_LENGTH_MIN = 16

const EXAMPLES = `
Serves a dashboard for a browser: queues with their states, rates, lags and trends, worst first; the segments and readers of a queue; its messages as text, JSON or bytes, with search and a live tail; all queues merged by time; traces. It only reads, and joins no queue.

It listens on loopback. Another address needs a token, and so does loopback with --token: the printed address holds the token after #, which browsers do not send; the page changes it into a cookie. Requests by another Host or from another origin are refused; a proxy in front adds its name with --host. Put TLS in front when the network is not trusted.

Examples:
  $ chron-cli ui /var/lib/bus
  $ chron-cli ui /var/lib/bus --listen 127.0.0.1:8080 --token
  $ chron-cli ui /var/lib/bus --listen 0.0.0.0:9465 --token-file /etc/chronicle/token --host dashboard.example:443
`

export function addUiCommand(program: Command, run: Runner): void {
  program
    .command('ui')
    .summary('a dashboard for the browser')
    .description('Serve a read-only dashboard of a queue, or of every queue below a directory.')
    .argument('<root>', 'a queue, or a directory with queues below it')
    .option('--listen <address>', `where to listen (default 127.0.0.1:${DEFAULT_PORT})`, parseListenOption)
    .option('--token', 'demand a token, made for this run and printed with the address')
    .option('--token-file <file>', 'demand the token in this file')
    .option('--host <name:port>', 'another Host that browsers may ask for; may be repeated', collect)
    .addHelpText('after', manual(EXAMPLES))
    .action((root: string, options: UiOptions, command: Command) =>
      run(command, (context) => ui(context, withoutSlash(root), options), { isEndless: true }),
    )
}

function collect(host: string, before: readonly string[] = []): readonly string[] {
  return [...before, host]
}

async function ui(context: CommandContext, root: string, options: UiOptions): Promise<number> {
  const { host, port } = options.listen ?? { host: '127.0.0.1', port: DEFAULT_PORT }
  const token = tokenOf(options)
  if (!isLoopback(host) && token === undefined)
    throw new UsageError(`${host} can be reached from other machines: give --token or --token-file, or listen on loopback`)
  findQueues(root)
  const catalog = new QueueCatalog(root)
  const guard = new RequestGuard(token)
  const server = createUiServer({ catalog, guard })
  await serveUntilStopped(context, server, { host, port }, ({ origin, port: actual }) => {
    guard.allow(hostsOf(host, actual, options.host))
    const url = `${origin}/${token === undefined ? '' : `#token=${token}`}`
    if (context.json) context.output.line(toJsonReport('ui', { url }))
    else context.output.line(url)
  })
  return EXIT_HEALTHY
}

function tokenOf({ token, tokenFile }: UiOptions): string | undefined {
  if (tokenFile === undefined) return token === true ? randomBytes(24).toString('base64url') : undefined
  const text = readFileSync(tokenFile, 'utf8').trim()
  if (!/^[\w.~-]+$/.test(text) || text.length < TOKEN_LENGTH_MIN)
    throw new UsageError(`${tokenFile} must hold one token of at least ${TOKEN_LENGTH_MIN} letters, digits or -._~`)
  return text
}

/** The names that a browser on this host, or the user, may have asked for. */
export function hostsOf(host: string, port: number, more: readonly string[] = []): string[] {
  const own = host.includes(':') ? `[${host}]` : host
  const names = isLoopback(host) ? ['localhost', '127.0.0.1', '[::1]', own] : [own]
  return [...names.map((name) => `${name}:${port}`), ...(port === 80 ? names : []), ...more]
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
