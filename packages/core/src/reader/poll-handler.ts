import { InvalidArgumentError } from '../errors/index.js'
import { refuseGenerator, refusePromise } from '../files/refuse-promise.js'

/** What a handler of `poll` may return: anything but a promise, which `poll` would not wait for. */
export type Synchronous<Result> = Extract<Result, PromiseLike<unknown>> extends never ? unknown : never

/** Called before a message is read: a message that an invalid handler did not get would count as read. */
export function checkPoll(limit: unknown, handler: unknown): void {
  if (!(Number.isInteger(limit) || limit === Number.POSITIVE_INFINITY) || (limit as number) < 0)
    throw new InvalidArgumentError({ argument: 'limit', value: limit, expected: 'a number of messages, not negative' })
  if (typeof handler !== 'function')
    throw new InvalidArgumentError({ argument: 'handler', value: handler, expected: 'a function' })
}

const POLL_HANDLER = {
  argument: 'handler',
  expected: 'a synchronous function: the message moves when it returns; use messages() or batches() for asynchronous work',
}

/** @throws {@link InvalidArgumentError} when a handler of `poll` returned a promise or a generator. */
export function checkPolled(result: unknown): void {
  if (result === undefined) return
  refusePromise(result, POLL_HANDLER)
  refuseGenerator(result, POLL_HANDLER.argument)
}

/** @throws {@link InvalidArgumentError} for what is not an integer from 1 on. */
export function checkFromOne(argument: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError({ argument, value, expected: 'an integer from 1 on' })
}
