/**
 * Something that can happen to a program that is right: its message is all that the user needs. Every other error is a defect, and is shown with its
 * stack.
 */
export class ExpectedError extends Error {
  override readonly name: string = 'ExpectedError'
}

/** The user asked for something that cannot be; the message says what. */
export class UsageError extends ExpectedError {
  override readonly name = 'UsageError'
}
