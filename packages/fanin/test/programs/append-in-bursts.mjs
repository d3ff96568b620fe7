// Appends `count` messages to a queue in bursts of uneven length and gives signs of life in between: node append-in-bursts.mjs <directory> <count> <seed>
import { setImmediate, setTimeout } from 'node:timers/promises'
import { openWriter } from '@chronicle-ts/core'

const [directory, countText, seedText] = process.argv.slice(2)
const count = Number(countText)
let state = Number(seedText)

/** The same numbers for the same seed. */
function random(below) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const writer = openWriter(directory, { segmentSize: 65536, heartbeatIntervalMs: 1 })
const payload = Buffer.alloc(100)
for (let sent = 0; sent < count; ) {
  for (let burst = Math.min(1 + random(200), count - sent); burst > 0; burst--, sent++) {
    payload.writeUInt32LE(sent, 0)
    writer.append(1, payload.subarray(0, 4 + random(96)))
  }
  if (random(10) === 0) await setTimeout(random(5))
  else await setImmediate()
}
writer.close()
