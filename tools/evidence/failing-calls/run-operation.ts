import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Duration, Fault } from './fault.js'
import { Injector, injectorEnvironment } from './injector.js'
import type { CaseResult } from './run-case.js'

/** A case that says nothing for so long hangs. */
const SILENCE_MS = 90_000

/** A row of cases that end their process is given up after so many of them. */
const DEATHS_MAX = 5

/** One fault in one operation: as many cases as the operation makes calls that can give it. */
export interface Row {
  readonly fault: Fault
  readonly duration: Duration
}

export interface OperationRun {
  readonly library: string
  readonly folder: string
  readonly operation: string
  readonly rows: readonly Row[]
  /** Between two calls of a row that fail; 1 for all of them. */
  readonly stride: number
  readonly firstCall?: number
  readonly lastCall?: number
}

export type RowResult = CaseResult & Row & { readonly nth: number }

/** Where a process begins, or has come to: a row, and the number of the call in it. */
interface Progress {
  readonly row: number
  readonly nth: number
}

/** All cases of an operation, in as many processes as die of them. */
export async function runOperation(run: OperationRun, take: (result: RowResult) => void): Promise<void> {
  const firstCall = run.firstCall ?? 1
  let next: Progress = { row: 0, nth: firstCall }
  for (let deaths = 0; next.row < run.rows.length; ) {
    const died = await runChild(run, next, take)
    if (died === undefined) return
    deaths = died.row === next.row ? deaths + 1 : 1
    next = deaths < DEATHS_MAX ? { row: died.row, nth: died.nth + 1 } : { row: died.row + 1, nth: firstCall }
  }
}

/** Returns which case the process died of; `undefined` when it came to the end. */
async function runChild(run: OperationRun, from: Progress, take: (result: RowResult) => void): Promise<Progress | undefined> {
  const folder = join(run.folder, 'queues')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const control = join(run.folder, 'control')
  const child = startChild(run, from, { folder, control })
  const complaints = text(child.stderr)
  const exit = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))))
  const silence = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS)
  let current = from
  for await (const line of createInterface({ input: child.stdout })) {
    silence.refresh()
    // What chron-cli prints is for people.
    if (!line.startsWith('{"row":')) continue
    const { row, begins, ...result } = JSON.parse(line)
    const index = from.row + row
    if (begins !== undefined) current = { row: index, nth: begins }
    else take({ ...result, ...run.rows[index] })
  }
  clearTimeout(silence)
  const how = await exit
  if (how === '0') return undefined
  const words = how === 'SIGKILL' ? `hung for ${SILENCE_MS} ms` : `ended with ${how}`
  const findings = [`the process ${words}: ${(await complaints).trim().split('\n').slice(0, 12).join(' | ')}`]
  take({ nth: current.nth, hit: new Injector(control).look(), codes: [], findings, ...(run.rows[current.row] as Row) })
  return current
}

function startChild(run: OperationRun, from: Progress, { folder, control }: { folder: string; control: string }) {
  const environment = injectorEnvironment({ library: run.library, control, folder })
  const program = fileURLToPath(new URL('./child.js', import.meta.url))
  const rows = run.rows.slice(from.row).flatMap(({ fault, duration }) => [fault.name, duration])
  const range = [from.nth, run.lastCall ?? 100_000, run.stride].map(String)
  return spawn(process.execPath, ['--expose-gc', program, control, folder, run.operation, ...range, ...rows], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
