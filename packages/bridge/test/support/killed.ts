import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PROGRAM = join(import.meta.dirname, '..', 'programs', 'end.mjs')

/** What `test/programs/end.mjs` does. */
export interface EndTask {
  readonly action: 'push' | 'pull' | 'promote' | 'rejoin'
  readonly url: string
  readonly queue: string
  readonly queueId?: string
  readonly name?: string
  readonly sinks?: readonly string[]
  readonly frameBytes?: number
  readonly segmentSize?: number
}

/** Starts one end of a bridge in a process of its own, and waits until it works. */
export async function startEnd(task: EndTask, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  return child
}

/** Ends it as `kill -9` does, when it has not ended by itself. */
export async function killEnd(child: ChildProcess, afterMs = 0): Promise<void> {
  if (afterMs > 0) await sleep(afterMs)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
