import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import { expect, it } from 'vitest'
import { mapNewFile, temporaryFolder } from '../test/temporary-files.js'
import { binding, STATUS_OK, STATUS_UNCOMMITTED, VERIFIER_COUNT } from './index.js'

const RECORDS = 1200

it('appends and verifies the right sums for payloads of every length, whichever instructions compute them', () => {
  const folder = temporaryFolder()
  const segment = mapNewFile(join(folder, 'segment'), 1 << 20)
  const appender = binding.createAppender({ control: mapNewFile(join(folder, 'control'), 512), writerEpoch: 1, extensions: true })
  appender.attach(segment, 0, 64, 0)
  const noise = Buffer.from(Array.from({ length: RECORDS }, (_, index) => (index * 2654435761) >>> 24))
  const view = new DataView(segment)
  let offset = 64
  for (let length = 0; length < RECORDS; length++) {
    expect(appender.append(1, noise.subarray(0, length))).toBe(STATUS_OK)
    expect(view.getUint32(offset + 28, true), `payload of ${length}`).toBe(crc32(noise.subarray(0, length)))
    expect(view.getUint32(offset + 32, true), `header of ${length}`).toBe(crc32(new Uint8Array(segment, offset, 32)))
    offset += 64 + Math.ceil(length / 64) * 64
  }
  const verifier = binding.createVerifier()
  verifier.attach(segment)
  expect(verifier.verify(64, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(STATUS_UNCOMMITTED)
  expect(verifier.state[VERIFIER_COUNT]).toBe(RECORDS)
})

it('stores the sums of what it stored while another thread changes the source', async () => {
  const folder = temporaryFolder()
  const segment = mapNewFile(join(folder, 'segment'), 16 << 20)
  const appender = binding.createAppender({ control: mapNewFile(join(folder, 'control'), 512), writerEpoch: 1, extensions: true })
  appender.attach(segment, 0, 64, 0)
  const shared = new SharedArrayBuffer(4 + 8192)
  const changing = new Uint8Array(shared, 4)
  const program = `
    const { parentPort, workerData } = require('node:worker_threads')
    const ends = new Int32Array(workerData, 0, 1)
    const bytes = new Uint8Array(workerData, 4)
    for (let value = 1; Atomics.load(ends, 0) === 0; value++) {
      bytes.fill(value)
      if (value === 1) parentPort.postMessage('changing')
    }
  `
  const worker = new Worker(program, { eval: true, workerData: shared })
  await new Promise((resolve) => worker.once('message', resolve))
  const lengths = Array.from({ length: 200 }, (_, index) => [index, 1100 + index]).flat()
  for (let round = 0; round < 10; round++) {
    for (const length of lengths) {
      const offsets = Uint32Array.of(round, round + length)
      expect(appender.appendPacked(1, changing, offsets, 0)).toBe(STATUS_OK)
    }
  }
  Atomics.store(new Int32Array(shared, 0, 1), 0, 1)
  await new Promise((resolve) => worker.once('exit', resolve))
  const verifier = binding.createVerifier()
  verifier.attach(segment)
  expect(verifier.verify(64, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(STATUS_UNCOMMITTED)
  expect(verifier.state[VERIFIER_COUNT]).toBe(10 * lengths.length)
})
