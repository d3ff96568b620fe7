import { ExpectedError } from '../process/expected-error.js'
/** The demo cannot go on; the message says why, for the person who started it. */
export class DemoError extends ExpectedError {
  override readonly name = 'DemoError'
}

/** The person who started the demo wants it to end. */
export class InterruptedError extends ExpectedError {
  override readonly name = 'InterruptedError'
}
