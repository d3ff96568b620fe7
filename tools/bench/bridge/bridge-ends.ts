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

  /** Seconds of CPU so far. */
  get cpuSeconds(): number {
    return cpuSecondsOf(this.#process.pid)
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

const TICKS_PER_SECOND = 100

/** Seconds of CPU that a process has used: what other processes of the machine do changes it little. */
export function cpuSecondsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  // utime and stime are the fields 14 and 15, and the name before this part is the second.
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
