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
 * {@link interruptible} after {@link takeTurn}. To be used wherever signals may have come unheard: at the beginning of a command, and between the parts of one.
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
 * Runs work that keeps the thread busy, and ends it when Ctrl-C comes. A signal handler of JavaScript runs only between two turns of the event loop, and a regular expression
 * or a search through gigabytes may never get there. What the work holds open then stays open, and `finally` blocks in it do not run: the process is about to end. A call
 * costs about 0.1 ms.
 *
 * The engine takes the process's own handlers off for the time of the work. A signal that they were still to receive is lost by that: let the event loop take a turn right before.
 *
 * @throws {@link InterruptedError}, {@link TooSlowError} after `timeoutMs`, and what the work throws.
 */
export function interruptible<T>(work: () => T, timeoutMs?: number): T {
  let result: { readonly value: T } | undefined
  context['work'] = () => {
    result = { value: work() }
  }
  try {
    script.runInContext(context, { breakOnSigint: true, ...(timeoutMs !== undefined && { timeout: timeoutMs }) })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw new InterruptedError('interrupted')
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new TooSlowError(`took longer than ${timeoutMs} ms`)
    throw error
  } finally {
    context['work'] = undefined
  }
  return (result as { readonly value: T }).value
}
