import { fork } from 'node:child_process'
import { ExpectedError } from './expected-error.js'

/** How a role's process ended. */
export interface RoleEnd<Result> {
  /** What it reported last; `undefined` when it could not. */
  readonly result: Result | undefined
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A part of an example that runs as a process of its own. */
export interface Role<Result> {
  /** What it reported last. */
  readonly result: Result | undefined
  readonly ended: Promise<RoleEnd<Result>>
  /** The next report. Rejects when the process ends without one. */
  reported(): Promise<Result>
  send(message: string): void
  kill(): void
}

/** A role failed; its own words are on stderr already. */
export class RoleError extends ExpectedError {
  override readonly name = 'RoleError'
}

/**
 * Starts a role. Its stderr is ours, and it ends when we do.
 *
 * @param module the role's program, relative to `base` (the caller's `import.meta.url`)
 */
export function startRole<Result>(module: string, base: string, args: readonly (string | number)[]): Role<Result> {
  const child = fork(new URL(module, base), args.map(String), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const channelClosed = new Promise<void>((resolve) => child.on('disconnect', resolve))
  let result: Result | undefined
  child.on('message', (message) => {
    result = message as Result
  })
  const ended = new Promise<RoleEnd<Result>>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => void channelClosed.then(() => resolve({ result, code, signal })))
  })
  return {
    get result() {
      return result
    },
    ended,
    reported: () =>
      new Promise((resolve, reject) => {
        child.once('message', (message) => resolve(message as Result))
        void ended.then(() => reject(new RoleError(`${module} ended without a report`)))
      }),
    send: (message) => void (child.connected && child.send(message, () => {})),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** The result of a role that must end well. @throws {@link RoleError} */
export async function resultOf<Result>(name: string, role: Role<Result>): Promise<Result> {
  const { result, code, signal } = await role.ended
  if (code !== 0 || result === undefined) throw new RoleError(`${name} failed: code=${code} signal=${signal}`)
  return result
}

/** Called in a role: hands a result to the program that started it. */
export function report(result: unknown): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve(void console.log(result))
    else process.send(result, () => resolve())
  })
}
