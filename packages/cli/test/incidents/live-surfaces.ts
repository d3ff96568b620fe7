import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { BIN } from '../support/run-cli.js'
import { readingOfCommand, readingOfMetrics, readingOfMonitor, readingOfSnapshot, type SurfaceReading } from './readings.js'

/** A program that shows states to an operator, as it is started by one. */
export interface LiveSurface {
  readonly name: string
  look(): Promise<SurfaceReading>
  stop(): Promise<void>
}

/** Every surface over one root: commands are started for each look, servers and the live view run all the time. */
export async function startLiveSurfaces(root: string): Promise<readonly LiveSurface[]> {
  const commands = ['inspect', 'doctor', 'check', 'health'] as const
  return [
    ...commands.map((name) => commandSurface(name, root)),
    ...(await Promise.all([monitorSurface(root), metricsSurface(root), uiSurface(root)])),
  ]
}

function commandSurface(name: 'inspect' | 'doctor' | 'check' | 'health', root: string): LiveSurface {
  const args = [name, root, '--json', ...(name === 'doctor' ? ['--quick'] : [])]
  return { name, look: async () => readingOfCommand(name, await run(args)), stop: async () => undefined }
}

async function run(args: readonly string[]): Promise<{ stdout: string; exitCode: number | null }> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { stdout, exitCode }
}

async function monitorSurface(root: string): Promise<LiveSurface> {
  const child = start(['monitor', root, '--json'])
  const lines = createInterface({ input: child.stdout })
  await once(lines, 'line')
  const look = async () => readingOfMonitor(((await once(lines, 'line')) as [string])[0])
  return { name: 'monitor', look, stop: () => stop(child) }
}

async function metricsSurface(root: string): Promise<LiveSurface> {
  const child = start(['metrics', root, '--listen', '127.0.0.1:0', '--json'])
  const url = await addressOf(child)
  return { name: 'metrics', look: () => textOf(`${url}/metrics`).then(readingOfMetrics, noAnswer), stop: () => stop(child) }
}

async function uiSurface(root: string): Promise<LiveSurface> {
  const child = start(['ui', root, '--listen', '127.0.0.1:0', '--json'])
  const url = await addressOf(child)
  return { name: 'ui', look: () => textOf(`${url}/api/queues`).then(readingOfSnapshot, noAnswer), stop: () => stop(child) }
}

function start(args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [BIN, ...args])
  child.stderr.on('data', (text) => process.stderr.write(text))
  return child
}

async function addressOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  return new URL((JSON.parse(text.toString()) as { url: string }).url).origin
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url)
  return await response.text()
}

/** A server that closes an idle connection while the next request is on its way has given no answer: the surface is asked again. */
function noAnswer(): SurfaceReading {
  return { exitCode: undefined, codes: ['no answer'], queues: -1 }
}

async function stop(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}
