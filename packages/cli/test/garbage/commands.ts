/** One command line; QUEUE and ROOT stand for the damaged queue and the bus that it is in. */
export interface ProbedCommand {
  readonly args: readonly string[]
  /** Ends only when it is interrupted. */
  readonly follows?: boolean
  /** Prints an object per message or look, so none is fine too. */
  readonly lines?: boolean
}

function command(line: string, traits: Omit<ProbedCommand, 'args'> = {}): ProbedCommand {
  return { args: line.split(' '), ...traits }
}

/** Commands that leave every byte and every time of change as it was. */
export const READING: readonly ProbedCommand[] = [
  command('inspect QUEUE'),
  command('inspect QUEUE --json'),
  command('inspect ROOT --json'),
  command('tail QUEUE'),
  command('tail QUEUE --from-sequence 3 --json', { lines: true }),
  command('tail QUEUE --since 1h --format hex'),
  command('tail QUEUE -n 3 -f --json', { lines: true, follows: true }),
  command('doctor QUEUE'),
  command('doctor QUEUE --json'),
  command('doctor ROOT --quick --json'),
  command('doctor QUEUE --repair --json'),
  command('doctor QUEUE --repair --skip-damage'),
  command('verify QUEUE'),
  command('verify QUEUE --json'),
  command('verify QUEUE --from 1 --json'),
  command('export QUEUE'),
  command('export QUEUE --format csv'),
  command('export QUEUE --format raw'),
  command('replay QUEUE --to ROOT/market_data/queue/copies --speed max --json'),
  command('prune QUEUE --consumed --max-segments 1 --json'),
  command('import QUEUE ROOT/input.ndjson --json'),
  command('import QUEUE ROOT/input.csv --format csv --json'),
  command('readers list QUEUE --json'),
  command('readers show QUEUE router --json'),
  command('readers reset QUEUE audit --to latest --json'),
  command('readers remove QUEUE router'),
  command('schema list QUEUE --json'),
  command('ready QUEUE --json'),
  command('ready QUEUE --set'),
  command('lease QUEUE --json'),
  command('lease QUEUE --remove'),
  command('check QUEUE'),
  command('check ROOT --lag-messages 1 --format nagios'),
  command('health ROOT --json'),
  command('stats QUEUE --json'),
  command('diff QUEUE QUEUE --json'),
  command('bundle QUEUE -o /dev/null --json'),
  command('trace 4bf92f3577b34da6a3ce929d0e0e4736 ROOT --json'),
  command('doctor QUEUE --acknowledge'),
  command('metrics ROOT'),
  command('metrics QUEUE --json'),
  command('monitor ROOT --json', { lines: true, follows: true }),
  command('monitor ROOT'),
  command('bench -d ROOT'),
]

/** Commands that may change the queue, each row on a damaged copy of its own. */
export const CHANGING: readonly (readonly ProbedCommand[])[] = [
  [command('doctor QUEUE --repair --yes --json'), command('verify QUEUE --json'), command('tail QUEUE')],
  [command('doctor QUEUE --repair --yes --skip-damage'), command('doctor QUEUE --json')],
  [command('doctor QUEUE --acknowledge --yes --json'), command('inspect QUEUE --json')],
  [command('backup QUEUE ROOT/copy --json'), command('restore ROOT/copy ROOT/restored')],
  [command('salvage QUEUE ROOT/salvaged --json'), command('verify ROOT/salvaged')],
  [command('prune QUEUE --consumed --max-segments 1 --yes --json')],
  [command('import QUEUE ROOT/input.ndjson --yes --json'), command('export QUEUE')],
  [command('import QUEUE ROOT/input.csv --format csv --yes')],
  [
    command('replay QUEUE --to ROOT/market_data/queue/copies --speed max --yes --json'),
    command('replay ROOT/market_data/queue/copies --to QUEUE --speed max --yes'),
  ],
  [
    command('readers reset QUEUE audit --to earliest --yes --json'),
    command('readers remove QUEUE router --yes'),
    command('readers list QUEUE --json'),
  ],
  [command('ready QUEUE --remove --yes'), command('ready QUEUE --set --yes --json'), command('lease QUEUE --remove --yes')],
]

/** Commands that are not run on damaged queues, and why. */
export const NOT_PROBED: Readonly<Record<string, string>> = {
  bridge: 'needs a server, or another process at the end of a pipe',
  ui: 'serves until it is ended; its pages read as inspect and tail do',
  completion: 'reads no queue',
}
