// Truncates files that are mapped, and touches them in every way.
import { closeSync, ftruncateSync, openSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '../../dist/index.js'

function map(name, length) {
  const path = join(process.argv[2], name)
  const fd = openSync(path, 'w+')
  ftruncateSync(fd, length)
  const mapping = binding.mapFile(fd, length, true)
  closeSync(fd)
  return { path, mapping }
}

const control = map('shrink-control', 512)
const whole = map('shrink-whole', 65536)
const read = map('shrink-read', 65536)
const written = map('shrink-written', 65536)
const claimed = map('shrink-claimed', 65536)
const appender = binding.createAppender({ control: control.mapping, writerEpoch: 1, extensions: true })

new Uint8Array(read.mapping).fill(1)
const faultsBefore = binding.mappingFaults(read.mapping)
const verifier = binding.createVerifier()
verifier.attach(read.mapping)
truncateSync(read.path, 0)
const byteRead = new Uint8Array(read.mapping)[5000]
const faultsAfterRead = binding.mappingFaults(read.mapping)
const verified = verifier.verify(64, 10, 65536)

appender.attach(written.mapping, 0, 64, 0)
appender.append(1, Buffer.from('before'))
truncateSync(written.path, 4096)
appender.append(1, Buffer.alloc(3000))
const appended = appender.append(1, Buffer.alloc(3000))

appender.attach(claimed.mapping, 0, 64, 0)
appender.claim(1, 10000)
truncateSync(claimed.path, 64)
const published = appender.publishNow()

let syncError = ''
try {
  binding.syncRange(written.mapping, 0, 65536)
} catch (error) {
  syncError = error.code
}
for (const { mapping } of [read, written, claimed]) {
  new Uint8Array(mapping).fill(3)
  binding.unmap(mapping)
}
const otherFaults = binding.mappingFaults(whole.mapping)
console.log(
  JSON.stringify({
    faultsBefore,
    byteRead,
    faultsAfterRead,
    verified,
    appended,
    published,
    syncError,
    otherFaults,
    survived: true,
  }),
)
