import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('processes.mjs', import.meta.url))

/** One of the programs in `processes.mjs`, which does what a line of its input says. */
export class Role {
  constructor(readonly child: ChildProcessWithoutNullStreams) {}

  static async start(...args: readonly string[]): Promise<Role> {
    const child = spawn(process.execPath, [PROGRAM, ...args])
    child.stderr.on('data', (text) => process.stderr.write(text))
    await once(child.stdout, 'data')
    return new Role(child)
  }

  async tell(line: string): Promise<void> {
    const answer = once(this.child.stdout, 'data')
    this.child.stdin.write(`${line}\n`)
    await answer
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exit = once(this.child, 'exit')
    this.child.kill('SIGCONT')
    this.child.kill(signal)
    await exit
  }
}
