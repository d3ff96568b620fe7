import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './queues.js'

const BINARY = ['nats-server', '/usr/sbin/nats-server'].find((path) => spawnSync(path, ['--version']).status === 0)

/** Why tests of JetStream do not run; `undefined` where they do. */
export const NO_SERVER = BINARY === undefined ? 'nats-server is not installed: the tests of JetStream are skipped' : undefined

/** A server of its own on loopback, with JetStream. */
export class NatsServer {
  readonly #config: string
  readonly #store: string
  #process: ChildProcess | undefined

  private constructor(
    readonly port: number,
    folder: string,
    settings: string,
  ) {
    this.#store = join(folder, 'store')
    this.#config = join(folder, 'server.conf')
    writeFileSync(this.#config, `listen: "127.0.0.1:${port}"\njetstream: { store_dir: "${this.#store}" }\n${settings}\n`)
  }

  static async start(settings = ''): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), temporaryDirectory(), settings)
    onTestFinished(() => server.kill())
    await server.start()
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    this.#process = spawn(BINARY ?? '', ['-c', this.#config], { stdio: 'ignore' })
    while (!(await this.#accepts())) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  /** Ends it as kill -9 does. */
  async kill(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined || running.exitCode !== null) return
    const ended = once(running, 'exit')
    running.kill('SIGKILL')
    await ended
  }

  /** Stops it in the middle of everything, as a machine that hangs; the other way round it goes on. */
  pause(isPaused: boolean): void {
    this.#process?.kill(isPaused ? 'SIGSTOP' : 'SIGCONT')
  }

  deleteStore(): void {
    rmSync(this.#store, { recursive: true, force: true })
  }

  #accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, '127.0.0.1')
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
