import { ExpectedError } from '../process/expected-error.js'
/** The demo cannot continue; the message says why, for its user. */
export class DemoError extends ExpectedError {
  override readonly name = 'DemoError'
}

/** The user of the demo wants it to end. */
export class InterruptedError extends ExpectedError {
  override readonly name = 'InterruptedError'
}
