// Appends and reads messages in parts and prints by how many bytes of heap each message made it grow, the median of the parts. What every message allocates shows in all of
// them. What the engine allocates until it has compiled, later on a busy machine, shows only in the first few. Arguments: directory, count.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openReader, openWriter } from '@chronicle-ts/core'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const [directory, count] = [process.argv[2], Number(process.argv[3])]
const writer = openWriter(directory, { segmentSize: 64 * 1024 * 1024, retention: { maxSegments: 4 } })
const reader = openReader(directory, 'r', { onLost: 'snap' })
const payload = Buffer.alloc(64, 7)

function append(messages) {
  for (let index = 0; index < messages; index++) writer.append(1, payload)
}

function read(messages) {
  let sum = 0
  for (let index = 0; index < messages; index++) {
    const message = reader.next()
    if (message === undefined) throw new Error('a message is missing')
    sum += message.typeId + message.view.getUint8(message.payloadOffset)
  }
  reader.commit()
  return sum
}

/** Bytes that the young and old generation grew by without a collection in between: what was allocated, garbage included. */
function allocated(work) {
  collect()
  const before = process.memoryUsage().heapUsed
  work()
  return process.memoryUsage().heapUsed - before
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1]
}

const part = 100_000
// The first parts make the engine compile what runs hot, which allocates.
for (let warmUp = 0; warmUp < 5; warmUp++) {
  allocated(() => append(part))
  allocated(() => read(part))
}
const appended = []
const wasRead = []
for (let done = 0; done < count; done += part) {
  appended.push(allocated(() => append(part)) / part)
  wasRead.push(allocated(() => read(part)) / part)
}
console.log(JSON.stringify({ appendBytesPerMessage: median(appended), readBytesPerMessage: median(wasRead) }))
reader.close()
writer.close()
