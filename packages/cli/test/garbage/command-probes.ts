import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { withoutPrivileges } from '../support/run-cli.js'
import { CHANGING, READING } from './commands.js'

/** What happens to one file; the same JSON does it again. */
export interface Damage {
  /** Relative to the root of the bus. */
  readonly file: string
  readonly truncateTo?: number
  readonly writes?: readonly { readonly offset: number; readonly hex: string }[]
  /** What stands in the file's place. */
  readonly foreign?: Foreign
}

export const FOREIGN = ['missing', 'empty', 'directory', 'loop', 'dangling', 'device', 'fifo', 'huge', 'unreadable'] as const
export type Foreign = (typeof FOREIGN)[number]

/** No damage may keep a command busy for longer. Generous: a slow machine is not a fault. */
const HANG_MS = 30_000
const CHILDREN_MAX = 2
/** Below that another child would spend its time on starting. */
const DAMAGES_PER_CHILD = 4

/** Memory where there is any for files: every damage takes several copies. */
export function scratchFolder(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chronicle-cli-garbage-'))
}

/** Runs every command on every damage. Returns what should not have happened, a line each, with the damage that does it again. */
export async function probeCommands(bus: { template: string; queue: string }, damages: readonly Damage[]): Promise<string[]> {
  const children = Math.min(CHILDREN_MAX, Math.ceil(damages.length / DAMAGES_PER_CHILD))
  const parts = Array.from({ length: children }, (_, part) => damages.filter((_, index) => index % children === part))
  const found = await Promise.all(parts.map((part) => probePart(bus, part)))
  return found.flat()
}

/** Each child goes on until it dies, which is a finding of the damage that it was at; the next one goes on after that. */
async function probePart(bus: { template: string; queue: string }, damages: readonly Damage[]): Promise<string[]> {
  const findings: string[] = []
  let next = 0
  while (next < damages.length) {
    const { done, found, ended } = await probeUntilDeath(bus, damages.slice(next))
    findings.push(...found)
    next += done
    if (next === damages.length) break
    findings.push(`${JSON.stringify(damages[next])}: ${ended}`)
    next += 1
  }
  return findings
}

async function probeUntilDeath(
  bus: { template: string; queue: string },
  damages: readonly Damage[],
): Promise<{ done: number; found: string[]; ended: string }> {
  const scratch = scratchFolder()
  const stderrFile = join(scratch, 'stderr')
  const workFile = join(scratch, 'work.json')
  writeFileSync(workFile, JSON.stringify({ ...bus, scratch, damages, reading: READING, changing: CHANGING }))
  const stderr = openSync(stderrFile, 'a')
  const program = fileURLToPath(new URL('../programs/run-commands.mjs', import.meta.url))
  const [command = '', ...args] = [...withoutPrivileges(), process.execPath, program, workFile, stderrFile]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', stderr] })
  closeSync(stderr)
  const exit = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`)))
  const hang = () => child.kill('SIGKILL')
  let watchdog = setTimeout(hang, HANG_MS)
  let running = 'the start'
  let done = 0
  const found: string[] = []
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    clearTimeout(watchdog)
    watchdog = setTimeout(hang, HANG_MS)
    const said = JSON.parse(line) as { running?: string; done?: number; findings?: string[] }
    running = said.running ?? running
    if (said.findings === undefined) continue
    done = (said.done ?? 0) + 1
    found.push(...said.findings.map((finding) => `${JSON.stringify(damages[said.done ?? -1] ?? 'no damage')}: ${finding}`))
  }
  clearTimeout(watchdog)
  const ended = `the process ended in ${running}: ${await exit} ${readFileSync(stderrFile, 'utf8').slice(0, 2000)}`
  rmSync(scratch, { recursive: true, force: true })
  return { done, found, ended }
}
