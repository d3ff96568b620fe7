import * as zlib from 'node:zlib'
import { optionalAddon } from './addon.js'

/** CRC-32 (IEEE) of bytes, continued from `seed`. */
export type Checksum = (bytes: Uint8Array, seed?: number) => number

let chosen: Checksum | undefined

/**
 * The fastest CRC-32 that this process can use: the addon's, and where no addon loads, zlib's. Cold reading needs no addon, so that a queue can be
 * looked at on a machine that could not run it.
 */
export function coldChecksum(): Checksum {
  chosen ??= chooseChecksum()
  return chosen
}

function chooseChecksum(): Checksum {
  const addon = optionalAddon()
  return addon === undefined ? zlib.crc32 : (bytes, seed) => addon.crc32(bytes, seed)
}
