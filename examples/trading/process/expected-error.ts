/**
 * Something that can happen to a correct program: its message is all that the user needs. Every other error is a defect, and is shown with its
 * stack.
 */
export class ExpectedError extends Error {
  override readonly name: string = 'ExpectedError'
}

/** The user wants the program to end. */
export class InterruptedError extends ExpectedError {
  override readonly name = 'InterruptedError'
}
