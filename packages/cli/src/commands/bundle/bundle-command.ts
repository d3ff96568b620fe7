import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { interruptibleTurn } from '../../interruptible.js'
import { parseCountOption } from '../../options.js'
import { toJsonLine, toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatBytes } from '../../output/quantities.js'
import { ExportFile } from '../export/export-file.js'
import { collectBundle } from './collect-bundle.js'

interface BundleOptions {
  readonly output?: string
  readonly payloads?: number
}

const EXAMPLES = `
Collects what a maintainer needs to understand a queue from afar into one file of compressed JSON: its state and problems, the names, sizes and headers of its files, the status of its processes, and facts of the machine. It holds names of readers, paths and process ids. It holds no payload, unless --payloads asks for the last messages.

Examples:
  $ chron-cli bundle /var/lib/trades -o trades-bundle.json.gz
  $ chron-cli bundle /var/lib/trades -o - | gunzip | jq .state
  $ chron-cli bundle /var/lib/trades --payloads 10 -o with-payloads.json.gz
`

export function addBundleCommand(program: Command, run: Runner): void {
  program
    .command('bundle')
    .summary('collect what a maintainer needs, without payloads')
    .description('Collect the state of a queue, its processes and its machine into one file.')
    .argument('<queue>', 'directory of a queue')
    .option('-o, --output <file>', 'the file to write, - for standard output (default: chronicle-bundle.json.gz)')
    .option('--payloads <count>', 'add the last messages with their payloads', parseCountOption)
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, options: BundleOptions, command: Command) =>
      run(command, (context) => bundle(context, queue, options)),
    )
}

async function bundle(
  context: CommandContext,
  queue: string,
  { output = 'chronicle-bundle.json.gz', payloads = 0 }: BundleOptions,
): Promise<number> {
  const content = await interruptibleTurn(context, () => collectBundle(resolve(queue), { payloads }))
  const bytes = gzipSync(toJsonLine({ schemaVersion: 1, command: 'bundle', ...content }))
  if (output === '-') {
    context.output.bytes(bytes)
    return EXIT_HEALTHY
  }
  const file = new ExportFile(output)
  try {
    file.write(bytes)
    file.commit()
  } catch (error) {
    file.abandon()
    throw error
  }
  if (context.json) context.output.line(toJsonReport('bundle', { file: output, length: bytes.length, payloads }))
  else
    context.output.line(`${printable(output)}  ${formatBytes(bytes.length)}${payloads > 0 ? ', with payloads' : ', no payloads'}`)
  return EXIT_HEALTHY
}
