import { type ChildProcessWithoutNullStreams, type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInResident } from './resident-cli.js'

export const BIN = fileURLToPath(new URL('../../bin/chron-cli.js', import.meta.url))

export interface CliResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `chron-cli` on what the build made; the output is not a terminal. */
export function runCli(args: readonly string[]): CliResult {
  return runInResident(args)
}

/** Runs `chron-cli` as a user would, in a process of its own: with input, under another user, or where the start or the end of the process is the matter. */
export function runCliProcess(args: readonly string[], options: SpawnSyncOptions = {}): CliResult {
  return run([process.execPath, BIN, ...args], options)
}

/** Gives up what lets root pass by permissions (PR_SET_SECUREBITS, SECBIT_NOROOT), and stays the same user: the checkout may be closed to all others. */
const WITHOUT_PRIVILEGES = 'import ctypes, os, sys; ctypes.CDLL(None).prctl(28, 1, 0, 0, 0); os.execvp(sys.argv[1], sys.argv[1:])'

/** Runs `chron-cli` as a user whom the permissions of files bind, as they do every user but root. */
export function runCliUnprivileged(args: readonly string[]): CliResult {
  return run([...withoutPrivileges(), process.execPath, BIN, ...args])
}

/** What stands in front of a command so that the permissions of files bind it. */
export function withoutPrivileges(): string[] {
  return isBoundByPermissions() ? [] : ['python3', '-c', WITHOUT_PRIVILEGES]
}

function isBoundByPermissions(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-cli-'))
  try {
    chmodSync(folder, 0)
    accessSync(folder, constants.R_OK)
    return false
  } catch {
    return true
  } finally {
    rmdirSync(folder)
  }
}

function run([command = '', ...args]: readonly string[], options: SpawnSyncOptions = {}): CliResult {
  const { status, stdout, stderr } = spawnSync(command, args, { timeout: 60_000, ...options, encoding: 'utf8' })
  return { exitCode: status, stdout, stderr }
}

/** Starts `chron-cli` and leaves it running. */
export function startCli(args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [BIN, ...args])
}

/** Collects standard output until `done` is content with it, or the process ends. The process keeps its output either way. */
export function readUntil(child: ChildProcessWithoutNullStreams, done: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (done(text)) resolve(text)
    })
    child.stdout.on('end', () => resolve(text))
  })
}

/** The exit code, or the name of the signal that ended it. */
export function exitOf(child: ChildProcessWithoutNullStreams): Promise<number | string> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'nothing')))
}
