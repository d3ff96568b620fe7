import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A program with the arguments that come first. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/** What a program of the comparison prints as its last line: a number for each key, in the unit that the key ends with. */
export type ProgramFigures = Readonly<Record<string, number>>

/** Longer than any measurement takes. */
const RUN_MS_MAX = 120_000
/** What ends a program that takes longer. */
const OVERDUE = 'SIGTERM'

/** Runs a program to its end. @throws with the last line of its complaint when it fails or prints something else than figures */
export async function runProgram({ file, args }: Command, more: readonly (string | number)[]): Promise<ProgramFigures> {
  const child = spawn(file, [...args, ...more.map(String)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS_MAX,
    killSignal: OVERDUE,
  })
  const output = textOf(child.stdout)
  const complaint = textOf(child.stderr)
  const [code, signal] = await once(child, 'close')
  if (signal === OVERDUE) throw new Error(`took longer than ${RUN_MS_MAX / 1000} s`)
  if (code !== 0) throw new Error(lastLine(complaint()) || `ended with ${signal ?? `exit code ${code}`}`)
  return parseFigures(lastLine(output()))
}

/** @throws when the text is something else than an object of numbers */
export function parseFigures(text: string): ProgramFigures {
  const figures = JSON.parse(text)
  const isSound =
    typeof figures === 'object' && figures !== null && Object.values(figures).every((value) => Number.isFinite(value))
  if (!isSound) throw new Error(`no figures: ${text}`)
  return figures
}

/** A program that works while another one measures. */
export interface Companion {
  stop(): Promise<void>
}

/** Starts a program that prints `ready`, and returns when it has; it ends when its input does. @throws when it ends before */
export async function startCompanion({ file, args }: Command, more: readonly (string | number)[]): Promise<Companion> {
  const child = spawn(file, [...args, ...more.map(String)], { stdio: ['pipe', 'pipe', 'pipe'], timeout: RUN_MS_MAX })
  const closed = once(child, 'close')
  const complaint = textOf(child.stderr)
  child.stdin.on('error', () => undefined)
  const stop = () => stopCompanion(child, closed)
  const output = textOf(child.stdout)
  const isReady = () => output().split('\n').includes('ready')
  while (!isReady()) {
    const ended = await Promise.race([once(child.stdout, 'data').then(() => false), closed.then(() => true)])
    if (ended) throw new Error(lastLine(complaint()) || 'the answering program ended before it was ready')
  }
  return { stop }
}

/** A failed measurement leaves a companion that waits for messages: it gets five seconds. */
async function stopCompanion(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await closed
  clearTimeout(timer)
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.on('data', (bytes) => {
    text += bytes
  })
  return () => text
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? ''
}
