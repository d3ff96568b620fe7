// Rolls over and over and prints what is left of each roll once the garbage is collected, in bytes of heap. Arguments: directory, rolls. Needs a collector that can be called.
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openReader, openWriter } from '@chronicle-ts/core'

setFlagsFromString('--expose-gc')
// What is compiled stays, or the heap would shrink in between.
setFlagsFromString('--no-flush-bytecode')
const collect = runInNewContext('gc')
const [directory, count] = [process.argv[2], Number(process.argv[3])]
const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0, retention: { consumed: true } })
const reader = openReader(directory, 'r')
const payload = Buffer.alloc(3000)

async function roll(rolls) {
  for (let done = 0; done < rolls; done++) {
    writer.append(1, payload)
    while (reader.next() !== undefined);
    reader.commit()
    if (done % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function heapUsed() {
  // What was started in the background has ended, the writer has rolled once more after it, and what is finalized late is finalized.
  const segments = () => readdirSync(directory).filter((name) => name.endsWith('.q')).length
  while (writer.durableSequence < writer.nextSequence - 1 || segments() > 4)
    await new Promise((resolve) => setTimeout(resolve, 10))
  await roll(1)
  collect()
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  return process.memoryUsage().heapUsed
}

// The first rolls make the engine compile what runs hot.
await roll(count)
const before = await heapUsed()
await roll(2 * count)
const bytesPerRoll = ((await heapUsed()) - before) / (2 * count)
console.log(JSON.stringify({ rolls: writer.metrics().rolls, bytesPerRoll }))
reader.close()
writer.close()
