/** The demo cannot go on; the message says why, for the person who started it. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}

/** The person who started the demo wants it to end. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}
