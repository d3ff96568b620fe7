import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A program of `test/programs`, run by Node on what was built. It says one line of JSON at a time. */
export class Child {
  readonly #process: ChildProcess
  readonly #exit: Promise<unknown>
  readonly #lines: AsyncIterator<string>

  /** `wrapper`: a command line in front of node's. */
  constructor(program: string, args: readonly string[], wrapper: readonly string[] = []) {
    const path = fileURLToPath(new URL(`../programs/${program}`, import.meta.url))
    const [command = process.execPath, ...rest] = [...wrapper, process.execPath, path, ...args]
    this.#process = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#exit = once(this.#process, 'exit')
    const { stdout } = this.#process
    if (stdout === null) throw new Error('no stdout')
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
    onTestFinished(() => this.kill())
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** What it says next. */
  async hear(): Promise<unknown> {
    const { done, value } = await this.#lines.next()
    if (done === true) throw new Error('the program ended without saying more')
    return JSON.parse(value)
  }

  /** Sends it a line and returns its next line. */
  ask(line: string): Promise<unknown> {
    this.#process.stdin?.write(`${line}\n`)
    return this.hear()
  }

  /** Ends its standard input, which asks it to end in good order. */
  async stop(): Promise<void> {
    this.#process.stdin?.end()
    await this.#exit
  }

  /** SIGKILL; returns when it is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exit
  }

  /** Waits until it has ended by itself; its exit code. */
  async end(): Promise<number | null> {
    await this.#exit
    return this.#process.exitCode
  }
}
