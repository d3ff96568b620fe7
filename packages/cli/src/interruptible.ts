import { setImmediate as turn } from 'node:timers/promises'
import { createContext, Script } from 'node:vm'
import type { CommandContext } from './command-context.js'
import { InterruptedError, UsageError } from './command-error.js'

/** The work took longer than it may. */
export class TooSlowError extends UsageError {
  override readonly name = 'TooSlowError'
}

/**
 * Lets the event loop take a turn, in which a signal that has come is heard.
 *
 * @throws {@link InterruptedError} when the command was asked to end.
 */
export async function takeTurn({ signal }: Pick<CommandContext, 'signal'>): Promise<void> {
  await turn()
  if (signal.aborted) throw new InterruptedError('interrupted')
}

/**
 * {@link interruptible} after {@link takeTurn}, so that a signal that has come before is not lost.
 *
 * @throws {@link InterruptedError}, and what the work throws.
 */
export async function interruptibleTurn<T>(context: Pick<CommandContext, 'signal'>, work: () => T): Promise<T> {
  await takeTurn(context)
  return interruptible(work)
}

const context = createContext({ work: undefined as (() => void) | undefined })
const script = new Script('work()')

/**
 * Runs one long piece of work that keeps the thread busy, and ends it when Ctrl-C comes. A signal handler of JavaScript runs only between two turns of the event loop. What the work holds open then
 * stays open, and `finally` blocks in it do not run: the process is about to end.
 *
 * The engine takes the process's own handlers off for the time of the work, and starts a thread that listens instead. A signal that comes while they change places can be lost, or ends the process
 * at once. So this is for work that may take longer than a fifth of a second and only reads. Work in short pieces takes turns between them.
 */
export function interruptible<T>(work: () => T): T {
  return runInScript(work, { breakOnSigint: true })
}

/** {@link interruptible} for work that may be long; other work is only run. */
export function interruptibleIf<T>(mayBeLong: boolean, work: () => T): T {
  return mayBeLong ? interruptible(work) : work()
}

/**
 * Runs work that ends early when it takes too long. Signals that come meanwhile are handled right after it.
 *
 * @throws {@link TooSlowError} after `timeoutMs`, and what the work throws.
 */
export function withinTime<T>(work: () => T, timeoutMs: number): T {
  return runInScript(work, { timeout: timeoutMs })
}

function runInScript<T>(work: () => T, options: { readonly breakOnSigint?: true; readonly timeout?: number }): T {
  let result: { readonly value: T } | undefined
  context['work'] = () => {
    result = { value: work() }
  }
  try {
    script.runInContext(context, options)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw new InterruptedError('interrupted')
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new TooSlowError(`took longer than ${options.timeout} ms`)
    throw error
  } finally {
    context['work'] = undefined
  }
  return (result as { readonly value: T }).value
}
