import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { UsageError } from './expected-error.js'
import { createFolder, type RunFolder, useFolder } from './run-folder.js'
import { runProgram } from './run-program.js'

/** What a topology shows in the end: named facts, and whether they are as they must be. */
export interface TopologyResult {
  readonly facts: Readonly<Record<string, string | number>>
  readonly isSound: boolean
}

/** One of the smaller examples. */
export interface Topology {
  readonly name: string
  readonly description: string
  /** How many messages it sends unless told otherwise. */
  readonly messages: number
  run(options: { readonly root: string; readonly messages: number }): Promise<TopologyResult>
}

const UNSOUND_EXIT_CODE = 2

/** Runs an example from the command line: `--root DIR`, `--messages N`, `--json`, `--help`. */
export async function runTopology(topology: Topology): Promise<void> {
  await runProgram(async () => {
    const values = parseValues()
    if (values.help) {
      console.log(
        `Usage: node examples/dist/${topology.name}/main.js [--messages N] [--root DIR] [--json]\n\n${topology.description}`,
      )
      return
    }
    const messages = Number(values.messages ?? topology.messages)
    if (!Number.isInteger(messages) || messages < 1)
      throw new UsageError(`--messages is a whole number above 0: ${values.messages}`)
    const { root } = values.root === undefined ? createFolder({ program: topology.name }) : useEmptyFolder(values.root)
    const { facts, isSound } = await topology.run({ root, messages })
    if (values.json) console.log(JSON.stringify({ root, isSound, ...facts }))
    else printFacts({ ...facts, queues: root })
    if (!isSound) process.exitCode = UNSOUND_EXIT_CODE
  })
}

function useEmptyFolder(path: string): RunFolder {
  const folder = useFolder(path)
  if (readdirSync(folder.root).length > 0) throw new UsageError(`--root is to be an empty folder: ${folder.root}`)
  return folder
}

function parseValues() {
  try {
    return parseArgs({
      options: {
        messages: { type: 'string' },
        root: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function printFacts(facts: Readonly<Record<string, string | number>>): void {
  const width = Math.max(...Object.keys(facts).map((name) => name.length))
  for (const [name, value] of Object.entries(facts)) console.log(`${name.padEnd(width)}  ${value}`)
}
