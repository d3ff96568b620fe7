import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../programs/resident-cli.mjs', import.meta.url))
const TIMEOUT_MS = 60_000
const POLL_MS = 1

interface Resident {
  readonly child: ChildProcess
  readonly folder: string
  readonly requests: number
  readonly answers: number
}

let resident: Resident | undefined

/**
 * Runs `chron-cli` in a process that serves one command after the other: starting one for each would be most of the time that tests take. Blocks like `spawnSync`; the exit code is
 * `null` when the command takes more than a minute or ends the process.
 */
export function runInResident(args: readonly string[]): { exitCode: number | null; stdout: string; stderr: string } {
  resident ??= startResident()
  const { folder, requests } = resident
  writeSync(requests, `${JSON.stringify(args)}\n`)
  const exitCode = awaitAnswer(resident)
  const [stdout, stderr] = ['stdout', 'stderr'].map((name) => takeText(join(folder, name))) as [string, string]
  if (exitCode === null) endResident()
  return { exitCode, stdout, stderr }
}

/** The pipes are open for reading and writing here, so that opening one does not wait; they close with this process, which ends the resident. */
function startResident(): Resident {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-resident-'))
  const paths = ['requests', 'answers'].map((name) => join(folder, name))
  execFileSync('mkfifo', paths)
  const [requests, answers] = paths.map((path) => openSync(path, constants.O_RDWR | constants.O_NONBLOCK)) as [number, number]
  const [stdout, stderr] = ['stdout', 'stderr'].map((name) => openSync(join(folder, name), 'a')) as [number, number]
  const child = spawn(process.execPath, [PROGRAM, folder], { stdio: ['ignore', stdout, stderr] })
  child.unref()
  closeSync(stdout)
  closeSync(stderr)
  return { child, folder, requests, answers }
}

function awaitAnswer({ child, answers }: Resident): number | null {
  const chunk = Buffer.alloc(16)
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (const deadline = performance.now() + TIMEOUT_MS; performance.now() < deadline; ) {
    const length = readAvailable(answers, chunk)
    if (length > 0) return Number(chunk.toString('utf8', 0, length))
    if (hasEnded(child)) return null
    Atomics.wait(sleeper, 0, 0, POLL_MS)
  }
  return null
}

function readAvailable(fd: number, chunk: Buffer): number {
  try {
    return readSync(fd, chunk, 0, chunk.length, null)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}

/** Its parent is this process, which does not come to reap it while it waits. */
function hasEnded({ pid }: ChildProcess): boolean {
  return pid === undefined || readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') === true
}

function takeText(path: string): string {
  const text = readFileSync(path, 'utf8')
  truncateSync(path)
  return text
}

function endResident(): void {
  if (resident === undefined) return
  const { child, requests, answers } = resident
  child.kill('SIGKILL')
  closeSync(requests)
  closeSync(answers)
  resident = undefined
}
