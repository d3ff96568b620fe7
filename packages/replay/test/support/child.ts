import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A child process that runs one of `test/programs` on the build. */
export class Child {
  readonly process: ChildProcess
  #stderr = ''

  constructor(program: string, args: readonly string[]) {
    const path = fileURLToPath(new URL(`../programs/${program}.mjs`, import.meta.url))
    this.process = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    onTestFinished(() => {
      this.process.kill('SIGKILL')
    })
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  /** Kills it, if it has not ended. */
  async kill(): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await ended
  }

  /** Waits until it ends by itself. @throws with what it said on stderr when that was not a success. */
  async succeeded(): Promise<void> {
    if (!this.hasEnded) await once(this.process, 'exit')
    if (this.process.exitCode !== 0) throw new Error(`the program failed: ${this.#stderr}`)
  }
}

/** Starts the program again and again, and kills it when `progress` has grown by a part of `total` that differs each time; the last run ends by itself. */
export async function killedAgainAndAgain(
  start: () => Child,
  { kills, total, progress }: { readonly kills: number; readonly total: number; readonly progress: () => number },
): Promise<void> {
  for (let round = 1; round <= kills; round++) {
    const child = start()
    const enough = Math.floor((total * round) / (kills + 1)) + ((round * 7) % 5)
    while (progress() < enough && !child.hasEnded) await new Promise((resolve) => setTimeout(resolve, 1))
    await child.kill()
  }
  await start().succeeded()
}
