// Appends, rolls and deletes without a pause until stdin ends. Argument: directory.
import { openWriter } from '@chronicle-ts/core'

const writer = openWriter(process.argv[2], { segmentSize: 4096, heartbeatIntervalMs: 0, retention: { maxSegments: 2 } })
const payload = Buffer.alloc(1500)
let ended = false
process.stdin.on('end', () => {
  ended = true
})
process.stdin.resume()
writer.append(1, payload)
console.log('ready')
while (!ended) {
  for (let count = 0; count < 50; count++) writer.append(1, payload)
  await new Promise((resolve) => setImmediate(resolve))
}
writer.close()
