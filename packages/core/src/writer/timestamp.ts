import { InvalidArgumentError } from '../errors/index.js'

const TIMESTAMP_MAX = 2n ** 64n - 1n

/**
 * The time that is stored: nanoseconds since the Unix epoch. Asked before native code is, which would take a negative one for one far in the future.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. A number is refused: milliseconds under this name would be a time in 1970.
 */
export function timestampOf(given: bigint | Date | undefined): bigint | undefined {
  if (given === undefined) return undefined
  const timestampNs = given instanceof Date && !Number.isNaN(given.getTime()) ? BigInt(given.getTime()) * 1_000_000n : given
  if (typeof timestampNs === 'bigint' && timestampNs >= 0n && timestampNs <= TIMESTAMP_MAX) return timestampNs
  throw new InvalidArgumentError({
    argument: 'timestampNs',
    value: given,
    expected: 'a Date, or a bigint of nanoseconds from 0 to 2^64 - 1',
  })
}
