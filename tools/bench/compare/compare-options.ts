import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { PEERS } from './peers.js'
import { PROGRAM_PEERS } from './programs/program-peers.js'
import { PROGRAM_ROWS } from './programs/program-rows.js'
import { WORKLOADS } from './workloads.js'

export interface CompareOptions {
  readonly help: boolean
  readonly format: 'text' | 'json' | 'markdown'
  /** Folder for an SVG per row. */
  readonly svg: string | undefined
  /** Whether the tables of README.md and docs/performance.md are replaced. */
  readonly write: boolean
  readonly peers: readonly string[]
  readonly workloads: readonly string[]
  readonly rounds: number
  readonly payloadLength: number
  /** Factor for the number of messages of each workload. */
  readonly scale: number
  readonly directory: string
  /** Whether everything is installed and built, and nothing is measured. */
  readonly install: boolean
}

const ROWS = [...WORKLOADS, ...PROGRAM_ROWS]
const ALL_PEERS = [...new Map([...PEERS, ...PROGRAM_PEERS].map((peer) => [peer.id, peer])).values()]
/** What `--quick` stands for. */
const QUICK = { rounds: 1, scale: 0.01 }
/** Fewer say nothing about the spread. */
const WRITTEN_ROUNDS_MIN = 5

export const COMPARE_USAGE = `usage: npm run bench:compare -- [options]

Sends the same messages through this project's queue and through what npm users have, in turns, and checks each message that arrives.
Measures systems for the JVM and Rust by programs of their own. Installs and builds what it needs in build/compare-peers, once; skips peers
whose server, runtime or compiler is missing.

  --workloads ID,...  ${ROWS.map(({ id }) => id).join(', ')} (all)
  --peers ID,...      ${ALL_PEERS.map(({ id }) => id).join(', ')} (all)
  --rounds N          rounds in which the peers take turns (5)
  --scale X           factor for the number of messages (1)
  --payload BYTES     length of the messages of W1 to W3, at least 16 (64)
  --root DIR          folder for the files; durable rows measure its disk (the system's folder for temporary files)
  --svg DIR           write an SVG per row into this folder
  --write             replace the tables of README.md and docs/performance.md, and the pictures in docs/charts
  --quick             one round of almost nothing: does everything work?
  --install           install and build what the peers need, and measure nothing: later runs need no network
  --json              print the results as JSON
  --markdown          print the results as Markdown
  --help              this text
`

/** @throws with one sentence about what is wrong with the arguments. */
export function parseCompareOptions(args: readonly string[]): CompareOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      svg: { type: 'string' },
      write: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      peers: { type: 'string' },
      workloads: { type: 'string' },
      rounds: { type: 'string' },
      scale: { type: 'string' },
      payload: { type: 'string', default: '64' },
      root: { type: 'string', default: tmpdir() },
    },
  })
  const { rounds = 5, scale = 1 } = values.quick ? QUICK : {}
  const asked = Math.floor(numberOption('rounds', values.rounds ?? rounds, 1))
  if (values.write && asked < WRITTEN_ROUNDS_MIN)
    throw new Error(`--write needs at least ${WRITTEN_ROUNDS_MIN} rounds, not ${asked}`)
  return {
    help: values.help,
    format: values.json ? 'json' : values.markdown ? 'markdown' : 'text',
    svg: values.svg,
    write: values.write,
    peers: chosen('peers', values.peers, ALL_PEERS),
    workloads: chosen('workloads', values.workloads, ROWS),
    rounds: asked,
    scale: numberOption('scale', values.scale ?? scale, 0.001),
    payloadLength: Math.floor(numberOption('payload', values.payload, 16)),
    directory: values.root,
    install: values.install,
  }
}

function chosen(name: string, text: string | undefined, known: readonly { readonly id: string }[]): string[] {
  const ids = known.map(({ id }) => id)
  const asked = text?.split(',').filter(Boolean) ?? ids
  const unknown = asked.find((id) => !ids.includes(id))
  if (unknown !== undefined || asked.length === 0)
    throw new Error(`--${name} knows ${ids.join(', ')}, not ${unknown ?? 'nothing'}`)
  return asked
}

function numberOption(name: string, text: string | number, least: number): number {
  const value = Number(text)
  if (!(value >= least) || value === Infinity) throw new Error(`--${name} must be a number of at least ${least}, not ${text}`)
  return value
}
