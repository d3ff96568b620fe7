import { InvalidArgumentError } from '../errors/index.js'

/** What a handler of `poll` may return: anything but a promise, which `poll` would not wait for. */
export type Synchronous<Result> = Extract<Result, PromiseLike<unknown>> extends never ? unknown : never

export function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Called before a message is read: a message that an invalid handler did not get would count as read. */
export function checkPoll(limit: unknown, handler: unknown): void {
  if (!(Number.isInteger(limit) || limit === Number.POSITIVE_INFINITY) || (limit as number) < 0)
    throw new InvalidArgumentError({ argument: 'limit', value: limit, expected: 'a number of messages, not negative' })
  if (typeof handler !== 'function')
    throw new InvalidArgumentError({ argument: 'handler', value: handler, expected: 'a function' })
}

export function promiseFromHandler(): InvalidArgumentError {
  const expected = 'a synchronous function: the message moves when it returns; use messages() or batches() for asynchronous work'
  return new InvalidArgumentError({ argument: 'handler', value: 'a function that returns a promise', expected })
}

/** @throws {@link InvalidArgumentError} for what is not an integer from 1 on. */
export function checkFromOne(argument: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError({ argument, value, expected: 'an integer from 1 on' })
}
