import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mapNewFile, temporaryFolder } from '../test/temporary-files.js'
import {
  binding,
  STATUS_BAD_PAYLOAD_CRC,
  STATUS_DETACHED,
  STATUS_LIMIT,
  STATUS_SEGMENT_END,
  STATUS_UNCOMMITTED,
  TIMES_AHEAD,
  TIMES_AHEAD_OFFSET,
  TIMES_BACKWARDS,
  TIMES_BACKWARDS_OFFSET,
  TIMES_LIMIT_HIGH,
  TIMES_PREVIOUS_HIGH,
  TIMES_PREVIOUS_LOW,
  VERIFIER_COUNT,
  VERIFIER_END,
  VERIFIER_SEQUENCE,
} from './index.js'

const folder = temporaryFolder()
let files = 0

/** A file with a record of 64 + 64 bytes for each time, and a verifier of its first `length` bytes. */
function stage(times: readonly bigint[], length = 4096) {
  const path = join(folder, `file-${files++}`)
  const segment = mapNewFile(path, 4096)
  const control = mapNewFile(join(folder, `file-${files++}`), 512)
  const appender = binding.createAppender({ control, writerEpoch: 1, extensions: true })
  appender.attach(segment, 0, 64, 0)
  for (const timestampNs of times) appender.appendAt(1, Buffer.alloc(64, 1), timestampNs)
  const verifier = binding.createFileVerifier()
  const fd = openSync(path, 'r')
  verifier.attach(fd, length)
  // The mapping lasts without it.
  closeSync(fd)
  return { verifier, bytes: new Uint8Array(segment) }
}

describe('a file verifier', () => {
  it('checks records up to the first that is not committed, in parts of so many bytes', () => {
    const { verifier } = stage([1n, 2n, 3n])
    expect(verifier.verify(64, 129)).toBe(STATUS_LIMIT)
    expect(verifier.state[VERIFIER_COUNT]).toBe(2)
    expect(verifier.verify(64 + 256, 4096)).toBe(STATUS_UNCOMMITTED)
    expect(verifier.state[VERIFIER_END]).toBe(64 + 384)
  })

  it('stops before a damaged record, and before the end of what it was given', () => {
    const { verifier, bytes } = stage([1n, 2n, 3n])
    bytes[64 + 128 + 64] = 2
    expect(verifier.verify(64, 4096)).toBe(STATUS_BAD_PAYLOAD_CRC)
    expect(verifier.state[VERIFIER_END]).toBe(64 + 128)
    const { verifier: short } = stage([1n, 2n, 3n], 64 + 256)
    expect(short.verify(64, 4096)).toBe(STATUS_SEGMENT_END)
    expect(short.state[VERIFIER_COUNT]).toBe(2)
  })

  it('counts the times that go back, and those after the limit, of each call', () => {
    const high = 1n << 32n
    const { verifier } = stage([5n * high + 7n, 5n * high + 6n, 4n * high + 9n, 6n * high, 6n * high + 1n])
    const { times } = verifier
    times[TIMES_LIMIT_HIGH] = 6
    verifier.verify(64, 4096)
    expect([times[TIMES_BACKWARDS], times[TIMES_BACKWARDS_OFFSET]]).toEqual([2, 64 + 128])
    expect([times[TIMES_AHEAD], times[TIMES_AHEAD_OFFSET]]).toEqual([1, 64 + 4 * 128])
    expect([times[TIMES_PREVIOUS_HIGH], times[TIMES_PREVIOUS_LOW]]).toEqual([6, 1])
    verifier.state[VERIFIER_SEQUENCE] = -1
    verifier.verify(64 + 3 * 128, 128)
    expect([times[TIMES_BACKWARDS], times[TIMES_BACKWARDS_OFFSET], times[TIMES_AHEAD]]).toEqual([1, 64 + 3 * 128, 0])
  })

  it('says what the system refuses to map, and has no file then, nor after detach', () => {
    const { verifier } = stage([1n])
    const fd = openSync(folder, 'r')
    expect(() => verifier.attach(fd, 4096)).toThrowError(expect.objectContaining({ code: 'ENODEV', syscall: 'mmap' }))
    closeSync(fd)
    expect(verifier.verify(64, 4096)).toBe(STATUS_DETACHED)
    const { verifier: other } = stage([1n])
    other.detach()
    expect(other.verify(64, 4096)).toBe(STATUS_DETACHED)
  })
})
