import { binding } from '@chronicle-ts/native'

/** CRC-32 (IEEE) of bytes, continued from `seed`. */
export function checksum(bytes: Uint8Array, seed?: number): number {
  return binding.crc32(bytes, seed)
}
