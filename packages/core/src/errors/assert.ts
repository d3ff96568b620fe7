/**
 * Throws when an invariant of this library does not hold: a fault of the library, and not of its caller or of the files. The message is a constant, so that a check that holds costs a comparison.
 *
 * @throws {Error} without a code: no program can do anything about it but stop.
 */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant, please report it: ${invariant}`)
}
