import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Said } from './programs/talk.js'

/** Processes run what was built, also when the director is a test that runs on the sources. */
const PROGRAMS = new URL(
  import.meta.url.includes('/dist/') ? './programs/' : '../../dist/evidence/kill/programs/',
  import.meta.url,
)

/** What a process has of a queue. */
export interface Holdings {
  readonly descriptors: number
  readonly mappings: number
}

export interface ActorOptions {
  /** Asked once for every life. */
  readonly arguments: () => readonly (string | number)[]
  readonly onBroken: (message: string) => void
  /** Called with what it said when it was ready. */
  readonly onReady?: (detail: string) => void
}

/** One started process. It lives from the moment it gets its arguments. */
interface Life {
  readonly child: ChildProcess
  readonly loaded: Promise<void>
}

/** A process of the harness that may be killed and started again. A spare one stands by, loaded, so that the next life begins at once. */
export class Actor {
  readonly #arguments: () => readonly (string | number)[]
  readonly #onBroken: (message: string) => void
  readonly #onReady: (detail: string) => void
  #life: Life | undefined
  #spare: Life | undefined
  #isReady = false

  constructor(
    readonly name: string,
    readonly program: string,
    options: ActorOptions,
  ) {
    this.#arguments = options.arguments
    this.#onBroken = options.onBroken
    this.#onReady = options.onReady ?? (() => {})
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get isRunning(): boolean {
    return this.#life !== undefined
  }

  /** Has a process load the program for the next {@link start}; resolves when it has. */
  async standBy(): Promise<void> {
    this.#spare ??= this.#load()
    await this.#spare.loaded
  }

  start(): void {
    if (this.#life !== undefined) throw new Error(`${this.name} runs already`)
    const life = this.#spare ?? this.#load()
    this.#spare = undefined
    this.#life = life
    this.#isReady = false
    life.child.stdin?.write(`${JSON.stringify(this.#arguments().map(String))}\n`)
  }

  /** Returns when the process is gone; whether there was one to kill. */
  async kill(): Promise<boolean> {
    const life = this.#life
    if (life === undefined) return false
    await killed(life)
    return true
  }

  /** {@link kill}, and the spare one too. */
  async dismiss(): Promise<void> {
    await this.kill()
    if (this.#spare !== undefined) await killed(this.#spare)
    this.#spare = undefined
  }

  /** Waits until the program ends by itself. */
  async ended(): Promise<void> {
    if (this.#life !== undefined) await once(this.#life.child, 'exit')
  }

  /** Open descriptors, and mappings of files below a directory. */
  holdings(directory: string): Holdings {
    const folder = `/proc/${this.#life?.child.pid}`
    const mappings = readFileSync(`${folder}/maps`, 'latin1').split('\n')
    return {
      descriptors: readdirSync(`${folder}/fd`).length,
      mappings: mappings.filter((line) => line.includes(directory)).length,
    }
  }

  #load(): Life {
    const path = fileURLToPath(new URL(`${this.program}.js`, PROGRAMS))
    const child = spawn(process.execPath, [path], { stdio: ['pipe', 'pipe', 'pipe'] })
    let stderr = ''
    let tellLoaded = () => {}
    const life: Life = { child, loaded: new Promise((resolve) => (tellLoaded = resolve)) }
    child.stdin.on('error', () => undefined)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Said
      if (said.kind === 'loaded') tellLoaded()
      else this.#hear(life, said)
    })
    child.on('exit', (code, signal) => {
      tellLoaded()
      if (this.#life === life) this.#life = undefined
      if (signal !== 'SIGKILL' && code !== 0 && code !== 3) this.#onBroken(`${this.name} ended with ${signal ?? code}: ${stderr}`)
    })
    return life
  }

  #hear(life: Life, said: Said): void {
    if (said.kind === 'broken') this.#onBroken(`${this.name}: ${said.message}`)
    // What a process said last may be read when the next one lives.
    if (this.#life !== life) return
    if (said.kind !== 'ready') return
    this.#isReady = true
    this.#onReady(said.detail)
  }
}

async function killed({ child }: Life): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
