import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkOptions, pathOf } from '@chronicle-ts/core/internal'

/** Names the server that is used instead of the installed one: tests, proofs, benchmarks and examples run with several versions. */
const VARIABLE = 'CHRONICLE_NATS_SERVER'
/** Debian installs it outside of a user's path. */
const PLACES = ['nats-server', '/usr/sbin/nats-server']
const LOOK_INTERVAL_MS = 10
/** Below the range from which the kernel gives ports to clients, so that a restarted server finds its port free. */
const PORT_FIRST = 10_000
const PORT_LAST = 32_000

/** An installed `nats-server`. */
export interface NatsBinary {
  readonly path: string
  /** Such as [2, 9, 10]. */
  readonly version: readonly [major: number, minor: number, patch: number]
}

export interface NatsServerOptions {
  /** For its configuration and its streams. */
  readonly folder: string
  /** Lines that are added to the configuration. */
  readonly settings?: string
  /** The whole configuration, instead of {@link settings}: listens at this address, and keeps its streams in this folder. */
  readonly config?: (own: { readonly listen: string; readonly store: string }) => string
  /** Address to listen at. Default 127.0.0.1. */
  readonly host?: string
  readonly binary?: NatsBinary | undefined
  /** Words before the command, such as those of `ip netns exec`. */
  readonly prefix?: readonly string[]
}

/**
 * Returns the `nats-server` at this path. Without a path it is the one that the environment variable `CHRONICLE_NATS_SERVER` names, and the installed one where that is not set.
 *
 * @returns `undefined` where it is missing.
 */
export function findNatsServer(path?: string): NatsBinary | undefined {
  const named = path === undefined ? process.env[VARIABLE] || undefined : pathOf(path, 'path')
  for (const place of named === undefined ? PLACES : [named]) {
    const [, major, minor, patch] =
      /v(\d+)\.(\d+)\.(\d+)/.exec(spawnSync(place, ['--version'], { encoding: 'utf8' }).stdout ?? '') ?? []
    if (patch !== undefined) return { path: place, version: [Number(major), Number(minor), Number(patch)] }
  }
  return undefined
}

/** A real `nats-server` with JetStream in a process of its own, for tests that kill it. It ends with the process that started it. */
export class NatsServer {
  readonly host: string
  readonly port: number
  readonly store: string
  readonly #config: string
  readonly #command: readonly [program: string, ...args: string[]]
  #process: ChildProcess | undefined

  private constructor(
    { folder, settings = '', config, host = '127.0.0.1', prefix = [] }: NatsServerOptions,
    binary: NatsBinary,
    port: number,
  ) {
    this.host = host
    this.port = port
    this.store = join(folder, 'store')
    this.#config = join(folder, 'server.conf')
    const [program = binary.path, ...args] = [...prefix, binary.path, '-c', this.#config]
    this.#command = [program, ...args]
    mkdirSync(folder, { recursive: true })
    if (config === undefined) this.configure(settings)
    else writeFileSync(this.#config, config({ listen: `${host}:${port}`, store: this.store }))
  }

  /** Starts a server on a free port and waits until it accepts connections. @throws when `nats-server` is missing. */
  static async start(options: NatsServerOptions): Promise<NatsServer> {
    checkOptions(options, { folder: true, settings: true, config: true, host: true, binary: true, prefix: true })
    const binary = options.binary ?? findNatsServer()
    if (binary === undefined) throw new Error('nats-server is not installed (Debian: apt-get install nats-server)')
    const server = new NatsServer(options, binary, await freePort())
    process.on('exit', server.#killNow)
    await server.start()
    return server
  }

  /** Returns a port that is free, below the range from which the kernel gives ports to clients: it is free when a server is started again, too. */
  static async freePort(): Promise<number> {
    return freePort()
  }

  /** `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  get url(): string {
    return `nats://${this.host}:${this.port}`
  }

  /** Writes the configuration that the next start uses. */
  configure(settings: string): void {
    const lines = [`listen: "${this.host}:${this.port}"`, `jetstream: { store_dir: "${this.store}" }`, settings, '']
    writeFileSync(this.#config, lines.join('\n'))
  }

  /** Starts it, and waits until it accepts connections. @throws when it ends instead. */
  async start(): Promise<void> {
    const [program, ...args] = this.#command
    // In a process group of its own: Ctrl-C on a terminal is for the program that started it.
    const child = spawn(program, args, { stdio: 'ignore', detached: true })
    this.#process = child
    while (!(await this.#accepts())) {
      if (child.exitCode !== null) throw new Error(`nats-server ended with exit code ${child.exitCode}`)
      await sleep(LOOK_INTERVAL_MS)
    }
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
    process.off('exit', this.#killNow)
  }

  /** Lets it end in order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Stops it at the instant, as a machine that hangs, or lets it continue. */
  pause(isPaused: boolean): void {
    this.#process?.kill(isPaused ? 'SIGSTOP' : 'SIGCONT')
  }

  deleteStore(): void {
    rmSync(this.store, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  readonly #killNow = (): void => void this.#process?.kill('SIGKILL')

  /** The server speaks first. */
  #accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, this.host)
      socket.once('data', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
  }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORT_FIRST + Math.floor(Math.random() * (PORT_LAST - PORT_FIRST))
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listens = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => resolve(true))
  })
  if (!(await listens)) return false
  await new Promise((resolve) => server.close(resolve))
  return true
}
