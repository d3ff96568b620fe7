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
const SILENCE_MS = 20_000

/** A row of cases that end their process is given up after so many of them. */
const DEATHS_MAX = 5

export interface OperationRun {
  readonly library: string
  readonly folder: string
  readonly operation: string
  readonly fault: Fault
  readonly duration: Duration
  readonly firstCall?: number
  readonly lastCall?: number
}

export type NumberedResult = CaseResult & { readonly nth: number }

/** All cases of an operation with one fault, in as many processes as die of it. */
export async function runOperation(run: OperationRun, take: (result: NumberedResult) => void): Promise<void> {
  const folder = join(run.folder, 'queues')
  const last = run.lastCall ?? Number.POSITIVE_INFINITY
  let next: number | undefined = run.firstCall ?? 1
  for (let deaths = 0; next !== undefined && next <= last && deaths < DEATHS_MAX; deaths++) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    next = await runChild(run, folder, next, take)
  }
}

/** Returns where the next process has to begin; `undefined` when this one came to the end. */
async function runChild(
  run: OperationRun,
  folder: string,
  first: number,
  take: (result: NumberedResult) => void,
): Promise<number | undefined> {
  const control = join(run.folder, 'control')
  const environment = injectorEnvironment({ library: run.library, control, folder })
  const program = fileURLToPath(new URL('./child.js', import.meta.url))
  const last = String(run.lastCall ?? 100_000)
  const child = spawn(
    process.execPath,
    ['--expose-gc', program, control, folder, run.operation, run.fault.name, run.duration, String(first), last],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const complaints = text(child.stderr)
  let current = first
  let isSilent = false
  const timer = setTimeout(() => {
    isSilent = true
    child.kill('SIGKILL')
  }, SILENCE_MS)
  for await (const line of createInterface({ input: child.stdout })) {
    timer.refresh()
    const said = JSON.parse(line)
    if (said.begins !== undefined) current = said.begins
    else take(said)
  }
  clearTimeout(timer)
  const { exitCode, signalCode } = child.exitCode === null && child.signalCode === null ? await ended(child) : child
  if (exitCode === 0) return undefined
  const how = isSilent ? `said nothing for ${SILENCE_MS} ms` : `ended with ${signalCode ?? exitCode}`
  const finding = `the process ${how}: ${(await complaints).trim().split('\n').slice(0, 12).join(' | ')}`
  take({ nth: current, hit: new Injector(control).look(), codes: [], findings: [finding] })
  return current + 1
}

function ended(child: ReturnType<typeof spawn>): Promise<{ exitCode: number | null; signalCode: NodeJS.Signals | null }> {
  return new Promise((resolve) => child.once('exit', (exitCode, signalCode) => resolve({ exitCode, signalCode })))
}
