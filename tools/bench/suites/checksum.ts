import { crc32 as zlibCrc32 } from 'node:zlib'
import { binding } from '@chronicle-ts/native'
import javascriptCrc32 from 'crc-32'
import type { Candidate, Suite } from '../candidate.js'

/** CRC-32 of a payload by the addon, by zlib and in JavaScript: the same number by three ways. */
export function checksumSuite(length: number): Suite {
  const bytes = Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + 7) & 0xff))
  return {
    name: `crc32-${length}`,
    operation: `CRC-32 of ${length} B`,
    candidates: [
      () => checksumCandidate('addon', bytes, (data) => binding.crc32(data)),
      () => checksumCandidate('zlib.crc32', bytes, (data) => zlibCrc32(data)),
      () => checksumCandidate('crc-32 (JavaScript)', bytes, (data) => javascriptCrc32.buf(data) >>> 0),
    ],
  }
}

function checksumCandidate(name: string, bytes: Buffer, checksum: (data: Buffer) => number): Candidate {
  const expected = javascriptCrc32.buf(bytes) >>> 0
  let last = 0
  return {
    name,
    run: () => {
      last = checksum(bytes)
    },
    verify: () => {
      if (last !== expected) throw new Error(`${name} computes ${last} instead of ${expected}`)
    },
    close: () => undefined,
  }
}
