import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import crc32 from 'crc-32'
import type { Candidate, CandidateFactory, Suite } from '../candidate.js'
import type { MmapIo } from '../mmap-io.js'
import { queueCandidate } from '../queue-candidate.js'

const RECORD_HEADER_LENGTH = 64
const MAPPING_LENGTH = 128 * 1024 * 1024

/** One message appended, visible to every reader when the call returns. */
export function appendSuite(payloadLength: number, mmapIo: MmapIo | undefined): Suite {
  const payload = Buffer.alloc(payloadLength, 7)
  const candidates: CandidateFactory[] = [
    (directory, seconds) =>
      queueCandidate({ name: 'append', directory, seconds, payloadLength, run: (writer) => writer.append(1, payload) }),
    (directory, seconds) =>
      queueCandidate({
        name: 'append, base format',
        directory,
        seconds,
        payloadLength,
        writerOptions: { extensions: false },
        run: (writer) => writer.append(1, payload),
      }),
    (directory, seconds) =>
      queueCandidate({ name: 'tryAppend', directory, seconds, payloadLength, run: (writer) => writer.tryAppend(1, payload) }),
    (directory) => writeSyncCandidate(directory, payload),
  ]
  if (mmapIo) candidates.push((directory) => mmapIoCandidate(directory, payload, mmapIo))
  return { name: 'append', operation: `one message of ${payloadLength} B`, candidates }
}

/** The same bytes through a system call per message: no checksum, no commit word, no notification. */
function writeSyncCandidate(directory: string, payload: Buffer): Candidate {
  const record = Buffer.concat([Buffer.alloc(RECORD_HEADER_LENGTH), payload])
  const fd = openSync(join(directory, 'plain'), 'w')
  return {
    name: 'fs.writeSync (plain file)',
    run: () => {
      writeSync(fd, record)
    },
    verify: (calls) => {
      const { size } = fstatSync(fd)
      if (size !== calls * record.length) throw new Error(`${size} bytes instead of ${calls * record.length}`)
    },
    close: () => closeSync(fd),
  }
}

/** What a queue in plain JavaScript would do per message over a mapping of `mmap-io`: copy, clock, `crc-32`, commit. It starts over at the end. */
function mmapIoCandidate(directory: string, payload: Buffer, mmapIo: MmapIo): Candidate {
  const fd = openSync(join(directory, 'mapped'), 'w+')
  ftruncateSync(fd, MAPPING_LENGTH)
  const bytes = mmapIo.map(MAPPING_LENGTH, mmapIo.PROT_READ | mmapIo.PROT_WRITE, mmapIo.MAP_SHARED, fd)
  // Touched first, as the segments of a queue are.
  bytes.fill(0)
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
  const doubles = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 3)
  const recordLength = (RECORD_HEADER_LENGTH + payload.length + 63) & ~63
  let offset = 0
  let sequence = 0
  return {
    name: 'mmap-io + crc-32 (JavaScript)',
    run: () => {
      if (offset + recordLength > MAPPING_LENGTH) offset = 0
      bytes.set(payload, offset + RECORD_HEADER_LENGTH)
      doubles[(offset >> 3) + 1] = sequence++
      doubles[(offset >> 3) + 2] = performance.timeOrigin + performance.now()
      words[(offset >> 2) + 7] = crc32.buf(payload)
      Atomics.store(words, offset >> 2, payload.length + 1)
      offset += recordLength
    },
    verify: (calls) => {
      const last = (offset - recordLength) >> 3
      if (doubles[last + 1] !== calls - 1) throw new Error(`last sequence ${doubles[last + 1]} instead of ${calls - 1}`)
    },
    close: () => closeSync(fd),
  }
}
