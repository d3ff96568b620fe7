// Appends numbered messages and prints the sum that the reader must find. Arguments: directory, count, segment size, largest payload.
import { createHash } from 'node:crypto'
import { openWriter } from '@chronicle-ts/core'

const [directory, count, segmentSize, payloadMax] = [process.argv[2], ...process.argv.slice(3).map(Number)]
const writer = openWriter(directory, { segmentSize })
const hash = createHash('sha256')
const payload = Buffer.alloc(payloadMax)
let random = 12345
for (let number = 0; number < count; number++) {
  random = (Math.imul(random, 1103515245) + 12345) >>> 0
  const length = random % (payloadMax + 1)
  payload.fill(random >>> 16, 0, length)
  const part = payload.subarray(0, length)
  hash.update(part)
  writer.append((number % 7) + 1, part)
}
const { rolls } = writer.metrics()
console.log(JSON.stringify({ hash: hash.digest('hex'), rolls, nextSequence: writer.nextSequence }))
writer.close()
