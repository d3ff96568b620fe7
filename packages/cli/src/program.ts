import { Command, Option } from 'commander'
import type { AddCommand, Runner } from './command-context.js'
import { addBackupCommand, addRestoreCommand } from './commands/backup/backup-command.js'
import { addBenchCommand } from './commands/bench/bench-command.js'
import { addBridgeCommand } from './commands/bridge/bridge-command.js'
import { addBundleCommand } from './commands/bundle/bundle-command.js'
import { addCheckCommand } from './commands/check/check-command.js'
import { addCompletionCommand } from './commands/completion/completion-command.js'
import { addDiffCommand } from './commands/diff/diff-command.js'
import { addDoctorCommand } from './commands/doctor/doctor-command.js'
import { addExportCommand } from './commands/export/export-command.js'
import { addHealthCommand } from './commands/health/health-command.js'
import { addImportCommand } from './commands/import/import-command.js'
import { addInspectCommand } from './commands/inspect/inspect-command.js'
import { addLeaseCommand } from './commands/lease/lease-command.js'
import { addMetricsCommand } from './commands/metrics/metrics-command.js'
import { addMonitorCommand } from './commands/monitor/monitor-command.js'
import { addPruneCommand } from './commands/prune/prune-command.js'
import { addReadersCommand } from './commands/readers/readers-command.js'
import { addReadyCommand } from './commands/ready/ready-command.js'
import { addReplayCommand } from './commands/replay/replay-command.js'
import { addSalvageCommand } from './commands/salvage/salvage-command.js'
import { addSchemaCommand } from './commands/schema/schema-command.js'
import { addStatsCommand } from './commands/stats/stats-command.js'
import { addTailCommand } from './commands/tail/tail-command.js'
import { addTraceCommand } from './commands/trace/trace-command.js'
import { addUiCommand } from './commands/ui/ui-command.js'
import { addVerifyCommand } from './commands/verify/verify-command.js'
import { LOG_LEVELS } from './diagnostics.js'
import { manual } from './output/manual.js'
import { printableLines } from './output/printable.js'
import { columnsOf } from './output/terminal-size.js'

/** Every command, in the order in which help lists them. */
const COMMANDS: readonly AddCommand[] = [
  addInspectCommand,
  addTailCommand,
  addDoctorCommand,
  addVerifyCommand,
  addCheckCommand,
  addHealthCommand,
  addBenchCommand,
  addMonitorCommand,
  addReadersCommand,
  addPruneCommand,
  addExportCommand,
  addImportCommand,
  addSchemaCommand,
  addReplayCommand,
  addBridgeCommand,
  addBackupCommand,
  addRestoreCommand,
  addSalvageCommand,
  addDiffCommand,
  addStatsCommand,
  addBundleCommand,
  addReadyCommand,
  addLeaseCommand,
  addMetricsCommand,
  addTraceCommand,
  addUiCommand,
  addCompletionCommand,
]

const FOOTER = `
Results go to standard output, diagnostics to standard error. Nothing is ever written to a queue unless --yes says so.

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

/** The whole command line. `run` carries out what the user chose. */
export function createProgram(version: string, run: Runner): Command {
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
  for (const add of COMMANDS) add(program, run)
  for (const command of program.commands)
    command.configureHelp({ showGlobalOptions: true }).exitOverride().showHelpAfterError('(run with --help for usage)')
  return program
}
