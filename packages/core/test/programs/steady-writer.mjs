// Appends numbered messages until a line arrives on stdin, then closes and prints how many. Arguments: directory.
import { openWriter } from '@chronicle-ts/core'

const writer = openWriter(process.argv[2], { segmentSize: 4096, heartbeatIntervalMs: 20 })
const payload = Buffer.alloc(100)
const timer = setInterval(() => {
  for (let count = 0; count < 5; count++) {
    payload.writeDoubleLE(writer.nextSequence)
    writer.append(1, payload)
  }
}, 2)
console.log('writing')
process.stdin.once('data', () => {
  clearInterval(timer)
  const { nextSequence } = writer
  writer.close()
  console.log(nextSequence)
  process.stdin.destroy()
})
