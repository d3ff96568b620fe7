/** A step before the task failed; the message is the whole explanation, a stack would add nothing. */
export class PreparationError extends Error {}
