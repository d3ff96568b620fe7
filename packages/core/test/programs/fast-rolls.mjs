// Rolls again and again without a turn of the event loop. Prints how many segment files there were at most, how often, and how many messages are there in the end. Arguments: directory,
// the writer's options as JSON, segments to fill.
import { readdirSync } from 'node:fs'
import { openWriter } from '@chronicle-ts/core'

const [, , directory, options, segments] = process.argv
const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0, prefault: false, ...JSON.parse(options) })
const payload = Buffer.alloc(3000)
let filesMax = 0
for (let count = 0; count < Number(segments); count++) {
  writer.append(1, payload)
  if (count % 16 === 0) filesMax = Math.max(filesMax, readdirSync(directory).filter((name) => name.endsWith('.q')).length)
}
const { nextSequence } = writer
writer.flushSync()
const { durableSequence } = writer
writer.close()
console.log(JSON.stringify({ filesMax, nextSequence, durableSequence }))
