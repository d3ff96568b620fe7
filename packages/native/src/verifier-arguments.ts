import {
  type NativeVerifier,
  VERIFIER_LOOKS,
  VERIFIER_MAX_BYTES,
  VERIFIER_MAX_RECORDS,
  VERIFIER_OFFSET,
} from './native-verifier.js'

/** What native code gives. */
export interface RawVerifier extends Omit<NativeVerifier, 'verify' | 'verifyWhenCommitted'> {
  verify(): number
  verifyWhenCommitted(): number
}

/** Passes the arguments by the state: native code would have to fetch each. */
export function withArguments(native: RawVerifier): NativeVerifier {
  const { state, verify: verifyHere, verifyWhenCommitted: verifyHereWhenCommitted } = native

  function verify(offset: number, maxRecords: number, maxBytes: number): number {
    state[VERIFIER_OFFSET] = offset
    state[VERIFIER_MAX_RECORDS] = maxRecords
    state[VERIFIER_MAX_BYTES] = maxBytes
    return verifyHere()
  }

  function verifyWhenCommitted(offset: number, maxRecords: number, maxBytes: number, looks: number): number {
    state[VERIFIER_OFFSET] = offset
    state[VERIFIER_MAX_RECORDS] = maxRecords
    state[VERIFIER_MAX_BYTES] = maxBytes
    state[VERIFIER_LOOKS] = looks
    return verifyHereWhenCommitted()
  }

  return Object.assign(native, { verify, verifyWhenCommitted })
}
