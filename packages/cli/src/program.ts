import { Command, Option } from 'commander'
import type { AddCommand, Runner } from './command-context.js'
import { LOG_LEVELS } from './diagnostics.js'
import { manual } from './output/manual.js'
import { printableLines } from './output/printable.js'
import { columnsOf } from './output/terminal-size.js'

/**
 * Every command, in the order in which help lists them. The modules of one are loaded when it is asked for: loading all of them takes most of the time of a short command.
 */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  inspect: async () => (await import('./commands/inspect/inspect-command.js')).addInspectCommand,
  tail: async () => (await import('./commands/tail/tail-command.js')).addTailCommand,
  doctor: async () => (await import('./commands/doctor/doctor-command.js')).addDoctorCommand,
  verify: async () => (await import('./commands/verify/verify-command.js')).addVerifyCommand,
  check: async () => (await import('./commands/check/check-command.js')).addCheckCommand,
  health: async () => (await import('./commands/health/health-command.js')).addHealthCommand,
  bench: async () => (await import('./commands/bench/bench-command.js')).addBenchCommand,
  monitor: async () => (await import('./commands/monitor/monitor-command.js')).addMonitorCommand,
  readers: async () => (await import('./commands/readers/readers-command.js')).addReadersCommand,
  prune: async () => (await import('./commands/prune/prune-command.js')).addPruneCommand,
  export: async () => (await import('./commands/export/export-command.js')).addExportCommand,
  import: async () => (await import('./commands/import/import-command.js')).addImportCommand,
  schema: async () => (await import('./commands/schema/schema-command.js')).addSchemaCommand,
  replay: async () => (await import('./commands/replay/replay-command.js')).addReplayCommand,
  bridge: async () => (await import('./commands/bridge/bridge-command.js')).addBridgeCommand,
  backup: async () => (await import('./commands/backup/backup-command.js')).addBackupCommand,
  restore: async () => (await import('./commands/backup/backup-command.js')).addRestoreCommand,
  salvage: async () => (await import('./commands/salvage/salvage-command.js')).addSalvageCommand,
  diff: async () => (await import('./commands/diff/diff-command.js')).addDiffCommand,
  stats: async () => (await import('./commands/stats/stats-command.js')).addStatsCommand,
  bundle: async () => (await import('./commands/bundle/bundle-command.js')).addBundleCommand,
  ready: async () => (await import('./commands/ready/ready-command.js')).addReadyCommand,
  lease: async () => (await import('./commands/lease/lease-command.js')).addLeaseCommand,
  metrics: async () => (await import('./commands/metrics/metrics-command.js')).addMetricsCommand,
  trace: async () => (await import('./commands/trace/trace-command.js')).addTraceCommand,
  ui: async () => (await import('./commands/ui/ui-command.js')).addUiCommand,
  completion: async () => (await import('./commands/completion/completion-command.js')).addCompletionCommand,
}

const FOOTER = `
Results go to standard output, diagnostics to standard error.
A queue that exists is changed only with --yes, and by bridge push and bridge pull.

Exit codes:
  0    healthy
  1    wrong usage, or a file that could not be read or written
  2    critical: something is broken
  3    warning: a finding to check, or an incomplete result
  4    another process holds the writer lock
  130  interrupted
  143  ended by SIGTERM

Examples:
  $ chron-cli inspect /var/lib/trades
  $ chron-cli tail /var/lib/trades -n 5 -f
`

/**
 * The command line. `run` carries out what the user chose.
 *
 * @param args what will be parsed: when they begin with the name of a command, the program has this one only. Without them it has all.
 */
export async function createProgram(version: string, run: Runner, args: readonly string[] = []): Promise<Command> {
  const program = new Command('chron-cli')
    .description('Inspect, follow, check and repair persisted queues.')
    .version(version)
    .option('--json', 'print JSON: one object, or one object per line for streams')
    .addOption(new Option('--log-level <level>', 'how much to print on standard error').choices(LOG_LEVELS).default('info'))
    .option('--debug', 'show stack traces of unexpected errors')
    .addHelpText('after', manual(FOOTER))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(run with --help for usage)')
    .exitOverride()
    .configureOutput({
      getOutHelpWidth: () => columnsOf(process.stdout),
      // Names from a directory come here as arguments, too.
      writeErr: (text) => process.stderr.write(printableLines(text)),
    })
  for (const add of await Promise.all(commandsFor(args).map((load) => load()))) add(program, run)
  for (const command of program.commands)
    command.configureHelp({ showGlobalOptions: true }).exitOverride().showHelpAfterError('(run with --help for usage)')
  return program
}

/** Help and completion describe all commands, and a mistyped command is compared with all. The version belongs to none. */
function commandsFor(args: readonly string[]): readonly (() => Promise<AddCommand>)[] {
  if (args[0] === '--version' || args[0] === '-V') return []
  const index = args.findIndex((arg, index) => !arg.startsWith('-') && args[index - 1] !== '--log-level')
  const name = args[index] ?? ''
  const isAboutAll = name === 'completion' || args.slice(0, index).some((arg) => arg === '--help' || arg === '-h')
  const command = isAboutAll || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name]
  return command === undefined ? Object.values(COMMANDS) : [command]
}
