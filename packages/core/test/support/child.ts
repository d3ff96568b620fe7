import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A child process running one of `test/programs`, which talks in lines. */
export class Child {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>
  #stderr = ''

  constructor(program: string, args: readonly (string | number)[]) {
    const path = fileURLToPath(new URL(`../programs/${program}.mjs`, import.meta.url))
    this.process = spawn(process.execPath, [path, ...args.map(String)], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    if (this.process.stdout === null) throw new Error('no stdout')
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
    onTestFinished(() => {
      this.process.kill('SIGKILL')
    })
  }

  /** The next line that the program prints; throws with its stderr when it ends instead. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`the program ended: ${this.#stderr}`)
    return value
  }

  /** {@link line} as JSON. */
  async json<T>(): Promise<T> {
    return JSON.parse(await this.line()) as T
  }

  async kill(): Promise<void> {
    const ended = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await ended
  }

  /** The exit code; -1 after a signal. */
  async ended(): Promise<number> {
    if (this.process.exitCode !== null) return this.process.exitCode
    const [code] = (await once(this.process, 'exit')) as [number | null]
    return code ?? -1
  }
}
