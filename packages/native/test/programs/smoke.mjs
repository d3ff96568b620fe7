// Runs the main functions once; shows that one build serves all supported versions of Node: `<node> test/programs/smoke.mjs`
import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as native from '../../dist/index.js'

const { binding } = native
const folder = mkdtempSync(join(tmpdir(), 'chronicle-smoke-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

function map(name, length) {
  const fd = openSync(join(folder, name), 'w+')
  ftruncateSync(fd, length)
  const mapping = binding.mapFile(fd, length, true)
  assert.equal(binding.tryLock(fd, true), true)
  closeSync(fd)
  return mapping
}

const control = map('control', 512)
const segment = map('segment', 4096)
const appender = binding.createAppender({ control, writerEpoch: 1, extensions: true })
appender.attach(segment, 0, 64, 0)
assert.equal(appender.append(1, Buffer.from('hello')), native.STATUS_OK)
assert.equal(appender.appendAt(1, Buffer.from('hello'), 5n), native.STATUS_OK)
assert.equal(appender.appendBatch(Uint16Array.of(1, 2), [Buffer.alloc(3), Buffer.alloc(64)], 0), native.STATUS_OK)
assert.equal(appender.claim(1, 8), native.STATUS_OK)
assert.equal(appender.publishNow(), native.STATUS_OK)
assert.equal(appender.append(0xffff, Buffer.alloc(1)), native.STATUS_BAD_TYPE)
const verifier = binding.createVerifier()
verifier.attach(segment)
assert.equal(verifier.verify(64, 100, 4096), native.STATUS_UNCOMMITTED)
assert.equal(verifier.state[native.VERIFIER_COUNT], 5)
assert.equal(binding.crc32(Buffer.from('123456789')), 0xcbf43926)

const flags = native.PREPARE_POPULATE | native.PREPARE_SYNC_DIRECTORY
const job = binding.backgroundPrepare(join(folder, 'next.tmp'), join(folder, 'next'), Buffer.alloc(64, 1), 1 << 20, flags)
assert.equal(await new Promise((resolve) => binding.jobNotify(job, resolve)), 1)
assert.equal(appender.roll(job, 1), native.STATUS_OK)

const outcome = new Promise((resolve) => binding.park([control], [384], [new Uint32Array(control)[96]], 60_000, resolve))
assert.equal(appender.append(1, Buffer.from('wake')), native.STATUS_OK)
binding.futexWake(control, 384, 1)
assert.equal(await outcome, native.WAIT_CHANGED)

binding.unmap(segment)
assert.equal(segment.byteLength, 0)
assert.throws(() => binding.mapFile(9999, 4096, true), { code: 'EBADF', errno: 9, syscall: 'mmap' })

const worker = new Worker(`import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)})`, { eval: true })
assert.equal(await new Promise((resolve) => worker.once('exit', resolve)), 0)
console.log(JSON.stringify({ ok: true, node: process.version, waitv: binding.hasFutexWaitv() }))
