/**
 * Identifies what this package and the compiled addon agree on. The addon has the same id (`cpp/interface_id.h`), and one of other sources is refused: with other functions or
 * other numbers it would fail later, with an error that explains nothing. `interface-id.test.ts` says when the id has to change.
 */
export const INTERFACE_ID = 'd22b9491'
