import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Said } from '../programs/talk.js'

/** Processes run what was built, also when the director is a test that runs on the sources. */
const PROGRAMS = new URL(import.meta.url.includes('/dist/') ? '../programs/' : '../../dist/torture/programs/', import.meta.url)

/** A process of the harness that may be killed and started again. */
export class Actor {
  readonly #arguments: () => readonly (string | number)[]
  readonly #onBroken: (message: string) => void
  #process: ChildProcess | undefined
  #isReady = false
  #isDone = false
  #detail = ''
  #stderr = ''

  constructor(
    readonly name: string,
    readonly program: string,
    options: { arguments: () => readonly (string | number)[]; onBroken: (message: string) => void },
  ) {
    this.#arguments = options.arguments
    this.#onBroken = options.onBroken
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get isDone(): boolean {
    return this.#isDone
  }

  get isRunning(): boolean {
    return this.#process !== undefined
  }

  /** What it said when it was ready. */
  get detail(): string {
    return this.#detail
  }

  start(): void {
    if (this.#process !== undefined) throw new Error(`${this.name} runs already`)
    const path = fileURLToPath(new URL(`${this.program}.js`, PROGRAMS))
    const child = spawn(process.execPath, [path, ...this.#arguments().map(String)], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process = child
    this.#isReady = false
    this.#stderr = ''
    child.stdin.on('error', () => undefined)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(JSON.parse(line) as Said))
    child.on('exit', (code, signal) => {
      if (this.#process === child) this.#process = undefined
      if (signal !== 'SIGKILL' && code !== 0 && code !== 3)
        this.#onBroken(`${this.name} ended with ${signal ?? code}: ${this.#stderr}`)
    })
  }

  /** Returns when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Waits until the program ends by itself. */
  async ended(): Promise<void> {
    if (this.#process !== undefined) await once(this.#process, 'exit')
  }

  /** Open descriptors, and mappings of files below a directory. */
  holdings(directory: string): { readonly descriptors: number; readonly mappings: number } {
    const folder = `/proc/${this.#process?.pid}`
    const mappings = readFileSync(`${folder}/maps`, 'latin1').split('\n')
    return {
      descriptors: readdirSync(`${folder}/fd`).length,
      mappings: mappings.filter((line) => line.includes(directory)).length,
    }
  }

  #hear(said: Said): void {
    if (said.kind === 'broken') this.#onBroken(`${this.name}: ${said.message}`)
    if (said.kind === 'done') this.#isDone = true
    if (said.kind !== 'ready') return
    this.#isReady = true
    this.#detail = said.detail
  }
}
