import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

export interface BenchOptions {
  readonly help: boolean
  /** What is measured: the suites, the budget table, the dashboard's bars or the bridge between hosts. */
  readonly what: 'suites' | 'budgets' | 'dashboard' | 'bridge'
  /** Path of the server for the bridge. Default: the installed one. */
  readonly natsServer: string | undefined
  /** One JSON object on stdout instead of tables. */
  readonly json: boolean
  /** One short round. */
  readonly quick: boolean
  /** File for the JSON object, besides what is printed. */
  readonly output: string | undefined
  /** Names of suites, or beginnings of them; empty for all. */
  readonly only: readonly string[]
  readonly directory: string
  readonly payloadLength: number
  readonly rounds: number
  readonly secondsPerRound: number
  readonly latencySeconds: number
  /** Messages of the sustained run (budgets). */
  readonly messages: number
}

export const USAGE = `usage: npm run bench -- [budgets | bridge | dashboard | telemetry] [options]

Without an argument: each hot function beside other ways to do the same. budgets: everything that has a budget, our figure beside it.
bridge: a queue that chron-cli bridge carries through a real nats-server. dashboard: the bars of chron-cli ui.
telemetry: what events, spans and traced appends cost (the suite of that name).

  --only NAME,...   measure only what begins with these names (append, appendBatch, claim, next, commit, typed, telemetry, native, crc32, latency;
                    budgets: hot, floor, fanin, discovery, history, codecs, typed, sustained, retained, rolls, open, latency, roundtrip, memory, heap;
                    bridge: throughput, sync, latency;
                    dashboard: watching, paint, bundle, newest, search)
  --messages N      budgets: messages of the sustained run (20000000; with --short 3000000); bridge: records to carry (8000000)
  --short           budgets: a sustained run that fits into memory and half a minute
  --nats-server P   bridge: path of the server (that of CHRONICLE_NATS_SERVER, or the installed one)
  --payload BYTES   length of the messages, at least 16 (64)
  --rounds N        rounds in which the candidates take turns (5)
  --seconds S       seconds per candidate and round (0.1)
  --quick           one short round: does everything work?
  --root DIR        folder for the queues (the system's folder for temporary files)
  --output FILE     write the results as JSON, too
  --json            print the results as JSON instead of tables (npm run --silent bench -- --json)
  --help            this text
`

/** What can be measured instead of the suites, or a suite that has a word of its own. */
const WORDS = ['budgets', 'bridge', 'dashboard', 'telemetry']

/** @throws with one sentence about what is wrong with the arguments. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      output: { type: 'string' },
      only: { type: 'string', default: '' },
      root: { type: 'string', default: tmpdir() },
      payload: { type: 'string', default: '64' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      messages: { type: 'string' },
      'nats-server': { type: 'string' },
      short: { type: 'boolean', default: false },
    },
  })
  const [word] = positionals
  const unknown = positionals.find((one, index) => index > 0 || !WORDS.includes(one))
  if (unknown !== undefined) throw new Error(`there is nothing called ${unknown} to measure, only ${WORDS.join(', ')}`)
  const isBridge = word === 'bridge'
  return {
    help: values.help,
    what: word === 'budgets' || word === 'dashboard' || word === 'bridge' ? word : 'suites',
    natsServer: values['nats-server'],
    json: values.json,
    quick: values.quick,
    output: values.output,
    only: word === 'telemetry' ? ['telemetry'] : values.only.split(',').filter(Boolean),
    directory: values.root,
    payloadLength: numberOption('payload', values.payload, 16),
    rounds: numberOption('rounds', values.rounds ?? (values.quick ? '1' : isBridge ? '3' : '5'), 1),
    secondsPerRound: numberOption('seconds', values.seconds ?? (values.quick ? '0.01' : '0.1'), 0.01),
    latencySeconds: values.quick ? 0.2 : 2,
    messages: numberOption('messages', values.messages ?? defaultMessages(values, isBridge), 1),
  }
}

function defaultMessages({ quick, short }: { readonly quick: boolean; readonly short: boolean }, isBridge: boolean): string {
  if (quick) return '100000'
  if (isBridge) return '8000000'
  return short ? '3000000' : '20000000'
}

function numberOption(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!(value >= least)) throw new Error(`--${name} must be a number of at least ${least}, not ${text}`)
  return value
}
