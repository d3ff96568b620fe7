import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutRoot } from '../compare/checkout-root.js'

const CLI = join(checkoutRoot, 'packages', 'cli', 'bin', 'chron-cli.js')
const SAMPLE_INTERVAL_MS = 50

/** Highest memory of a process, in MB. */
export interface PeakMemory {
  /** All of it, mapped segments of the queue included. */
  readonly resident: number
  /** Without pages of files: what the process itself takes. */
  readonly anonymous: number
}

/** One end of a bridge: `chron-cli bridge` in a process of its own. */
export class BridgeEnd {
  readonly #process: ChildProcess
  readonly #sampling: NodeJS.Timeout
  readonly #peak = { resident: 0, anonymous: 0 }
  #stderr = ''

  constructor(args: readonly string[]) {
    this.#process = spawn(process.execPath, [CLI, 'bridge', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process.stderr?.on('data', (text: Buffer) => {
      this.#stderr += text
    })
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_INTERVAL_MS)
  }

  get peak(): PeakMemory {
    return { ...this.#peak }
  }

  /** @throws when it ended by itself */
  assertRunning(): void {
    if (this.#process.exitCode !== null) throw new Error(`a bridge ended: ${this.#stderr}`)
  }

  async end(): Promise<void> {
    clearInterval(this.#sampling)
    if (this.#process.exitCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }

  #sample(): void {
    try {
      const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')
      const megabytes = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1000
      this.#peak.resident = Math.max(this.#peak.resident, megabytes('VmRSS'))
      this.#peak.anonymous = Math.max(this.#peak.anonymous, megabytes('RssAnon'))
    } catch {
      // It has ended.
    }
  }
}
