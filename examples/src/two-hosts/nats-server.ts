import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DemoError } from '../trading/demo/demo-error.js'

/** Debian puts it where the path of a user does not look. */
const PLACES = ['nats-server', '/usr/sbin/nats-server']
const LOOK_INTERVAL_MS = 10

/** Returns the installed `nats-server`; `undefined` where it is missing. */
export function findNatsServer(): string | undefined {
  return PLACES.find((path) => spawnSync(path, ['--version']).status === 0)
}

/** A server on loopback with JetStream, in a process of its own. */
export class NatsServer {
  readonly url: string
  readonly #binary: string
  readonly #port: number
  readonly #config: string
  #process: ChildProcess | undefined

  private constructor(binary: string, folder: string, port: number) {
    this.#binary = binary
    this.#port = port
    this.url = `nats://127.0.0.1:${port}`
    mkdirSync(folder, { recursive: true })
    this.#config = join(folder, 'server.conf')
    writeFileSync(this.#config, `listen: "127.0.0.1:${port}"\njetstream: { store_dir: "${join(folder, 'store')}" }\n`)
  }

  /** @param folder for its configuration and its streams */
  static async start(binary: string, folder: string): Promise<NatsServer> {
    const server = new NatsServer(binary, folder, await freePort())
    process.on('exit', () => server.#process?.kill('SIGKILL'))
    await server.start()
    return server
  }

  /** Starts it, and waits until it accepts connections. @throws {@link DemoError} when it ends instead. */
  async start(): Promise<void> {
    // In a process group of its own: Ctrl-C on a terminal is for the demo, which ends the server last.
    const child = spawn(this.#binary, ['-c', this.#config], { stdio: 'ignore', detached: true })
    this.#process = child
    while (!(await this.#accepts())) {
      if (child.exitCode !== null) throw new DemoError(`nats-server ended with exit code ${child.exitCode}`)
      await sleep(LOOK_INTERVAL_MS)
    }
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** The server speaks first. */
  #accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.#port, '127.0.0.1')
      socket.once('data', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
