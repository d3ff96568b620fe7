import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A process under the soak. What it writes to stderr is heard line by line. */
export class Actor {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #hasEnded = false

  /** @param onLine called for every line on stderr. @param onEnd called with how it ended, when it was not killed by us. @param nodeOptions beside our own. */
  constructor(
    program: URL,
    args: readonly string[],
    handlers: {
      readonly onLine: (line: string) => void
      readonly onEnd: (how: string) => void
      readonly onMessage?: (message: unknown) => void
    },
    nodeOptions: readonly string[] = [],
  ) {
    this.#child = fork(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [...process.execArgv, ...nodeOptions],
    })
    this.#ended = once(this.#child, 'close')
    if (this.#child.stderr !== null) createInterface({ input: this.#child.stderr }).on('line', handlers.onLine)
    this.#child.on('message', (message) => handlers.onMessage?.(message))
    this.#child.on('exit', (code, signal) => {
      this.#hasEnded = true
      if (signal !== 'SIGKILL' && code !== 0) handlers.onEnd(`ended with ${signal ?? code}`)
    })
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  send(command: string | object): void {
    if (this.#child.connected) this.#child.send(command, () => {})
  }

  /** SIGKILL; fulfilled when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Fulfilled when the process is gone by itself. */
  async ended(): Promise<void> {
    await this.#ended
  }
}
