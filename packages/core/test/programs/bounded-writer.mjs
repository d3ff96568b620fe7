// Appends to a bounded queue, blocking where it is full, and prints when it begins and how it ended. Arguments: directory, count.
import { openWriter } from '@chronicle-ts/core'

const [, , directory, count] = process.argv
const writer = openWriter(directory, {
  segmentSize: 4096,
  maxSegments: 3,
  backpressure: 'block',
  backpressureTimeoutMs: 60_000,
  retention: { consumed: true, readerTtlMs: 0 },
})
process.stdin.once('data', () => {
  for (let number = 0; number < Number(count); number++) writer.append(1, Buffer.alloc(500, number))
  console.log(JSON.stringify(writer.metrics()))
  writer.close()
  process.stdin.destroy()
})
console.log('ready')
