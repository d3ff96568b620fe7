import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const CLI = fileURLToPath(new URL('../../../../packages/cli/', import.meta.url))

/** Jiffies of /proc are hundredths of a second on every machine that this runs on. */
const JIFFIES_PER_SECOND = 100

/** `chron-cli ui`, running. */
export class StartedUi implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcessByStdio<null, Readable, null>,
    readonly url: string,
  ) {}

  static async start(root: string): Promise<StartedUi> {
    const args = [join(CLI, 'bin/chron-cli.js'), 'ui', root, '--listen', '127.0.0.1:0', '--json']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [text] = (await once(child.stdout, 'data')) as [Buffer]
    const { url } = JSON.parse(text.toString()) as { url: string }
    return new StartedUi(child, new URL(url).origin)
  }

  /** Seconds of CPU that the process has used. */
  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.child.pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / JIFFIES_PER_SECOND
  }

  async ask<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  /** The id of the only queue. */
  async queueId(): Promise<string> {
    const { queues } = await this.ask<{ queues: { id: string }[] }>('/api/queues')
    const [queue] = queues
    if (queue === undefined || queues.length !== 1) throw new Error(`${queues.length} queues instead of one`)
    return queue.id
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }
}
