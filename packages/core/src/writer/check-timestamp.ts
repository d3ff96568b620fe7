import { InvalidArgumentError } from '../errors/index.js'

const TIMESTAMP_MAX = 2n ** 64n - 1n

/** Asked before native code is, which would take a negative one for one far in the future. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkTimestamp(timestampNs: bigint): void {
  if (typeof timestampNs === 'bigint' && timestampNs >= 0n && timestampNs <= TIMESTAMP_MAX) return
  throw new InvalidArgumentError({ argument: 'timestampNs', value: timestampNs, expected: 'a bigint from 0 to 2^64 - 1' })
}
