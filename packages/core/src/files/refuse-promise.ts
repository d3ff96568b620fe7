import { InvalidArgumentError } from '../errors/index.js'

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Whether a callback is a generator function, whose body does not run before something iterates what it returned. */
function isGenerator(value: unknown): boolean {
  const kind = Object.prototype.toString.call(value)
  return kind === '[object Generator]' || kind === '[object AsyncGenerator]'
}

/**
 * Refuses the generator of a callback that is to work on what it is given: nothing of that work was done, and what was read would count as done.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`.
 */
export function refuseGenerator(result: unknown, argument: string): void {
  if (typeof result === 'object' && isGenerator(result))
    throw new InvalidArgumentError({
      argument,
      value: 'a generator function',
      expected: 'a function that runs when it is called',
    })
}

/**
 * Refuses the promise of a callback that must be synchronous. If that promise is rejected later, the rejection is dropped: as an unhandled one, it would end the process before the caller sees this
 * error.
 *
 * @param callback the argument that the callback was, and what it should be instead.
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`.
 */
export function refusePromise(result: unknown, callback: { readonly argument: string; readonly expected: string }): void {
  if (!isPromise(result)) return
  Promise.resolve(result).catch(() => undefined)
  throw new InvalidArgumentError({ ...callback, value: 'a function that returns a promise' })
}
