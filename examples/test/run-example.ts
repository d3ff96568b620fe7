import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A program of the examples that runs, as it was built. */
export interface RunningExample {
  readonly pid: number
  /** What it wrote so far. */
  readonly output: { stdout: string; stderr: string }
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
  kill(signal: NodeJS.Signals): void
}

/**
 * @param program below `examples/dist`
 * @param env what its environment has besides ours
 */
export function startExample(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningExample {
  const path = fileURLToPath(new URL(`../dist/${program}`, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { env: { ...process.env, ...env } })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return {
    pid: child.pid ?? -1,
    output,
    ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output }))),
    kill: (signal) => void child.kill(signal),
  }
}

export function runExample(program: string, args: readonly string[]): RunningExample['ended'] {
  return startExample(program, args).ended
}

/** Processes whose command line mentions the text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandLine(name).includes(text))
    .map(Number)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** Waits until it is so; a test whose wait never ends fails by its own timeout. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}
