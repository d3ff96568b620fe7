import { InvalidArgumentError } from '../errors/index.js'

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
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
