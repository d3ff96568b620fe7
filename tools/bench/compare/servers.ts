import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { natsPortFile } from './transports/nats.js'
import { redisSocket } from './transports/redis.js'

const START_MS_MAX = 20_000

export interface Server {
  readonly pid: number
  stop(): Promise<void>
}

/** Starts a server with its files in the folder, and returns when it accepts connections. */
export async function startServer(kind: 'redis' | 'nats', folder: string, durable: boolean): Promise<Server> {
  return kind === 'redis' ? startRedis(folder, durable) : startNats(folder)
}

async function startRedis(folder: string, durable: boolean): Promise<Server> {
  const socket = redisSocket(folder)
  const options = { port: '0', unixsocket: socket, dir: folder, save: '', 'enable-debug-command': 'no' }
  const log = { appendonly: durable ? 'yes' : 'no', appendfsync: 'always' }
  const args = Object.entries({ ...options, ...log }).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  return whenStarted(child, () => existsSync(socket))
}

async function startNats(folder: string): Promise<Server> {
  const store = join(folder, 'jetstream')
  mkdirSync(store)
  const args = ['--addr', '127.0.0.1', '--port', '-1', '--jetstream', '--store_dir', store, '--ports_file_dir', folder]
  const child = spawn('nats-server', args, { stdio: 'ignore' })
  const portFile = natsPortFile(folder, child.pid ?? 0)
  return whenStarted(child, () => {
    const text = existsSync(portFile) ? readFileSync(portFile, 'utf8') : ''
    if (!text.trimEnd().endsWith('}')) return false
    const [url] = (JSON.parse(text) as { readonly nats: readonly string[] }).nats
    writeFileSync(join(folder, 'nats.url'), url ?? '')
    return true
  })
}

async function whenStarted(child: ChildProcess, isReady: () => boolean): Promise<Server> {
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
  }
  for (const end = performance.now() + START_MS_MAX; !isReady(); ) {
    if (child.exitCode !== null || performance.now() > end) {
      await stop()
      throw new Error(`${child.spawnfile} does not start`)
    }
    await setTimeout(10)
  }
  return { pid: child.pid ?? 0, stop }
}
