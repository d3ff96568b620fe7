import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A process that appends to many queues, once a second each. */
export class Publishing implements AsyncDisposable {
  private constructor(private readonly child: ChildProcess) {}

  static async start(root: string, queues: number): Promise<Publishing> {
    const child = fork(join(import.meta.dirname, 'publish.js'), [root, String(queues)])
    await once(child, 'message')
    return new Publishing(child)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }
}
