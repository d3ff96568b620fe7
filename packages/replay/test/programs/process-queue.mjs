// Processes a queue to its end: node process-queue.mjs <input> <output>. Each message leads to 0 to 3 outputs, which follow from its payload.
import { basename } from 'node:path'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import { openProcessor } from '@chronicle-ts/replay'

const [inputDirectory = '', outputDirectory = ''] = process.argv.slice(2)
const last = openObserver(inputDirectory, { start: 'latest' }).nextSequence - 1
const done = new AbortController()

const output = openWriter(outputDirectory, { segmentSize: 65536 })
const input = openReader(inputDirectory, basename(outputDirectory))
const processor = openProcessor({ inputs: { numbers: input }, output })
// Killed after the last message: nothing comes any more.
if (input.peek() === undefined) done.abort()
for await (const { message } of processor.messages({ signal: done.signal })) {
  const number = message.payload.readUInt32LE(0)
  for (let index = 0; index < number % 4; index++) processor.emit(index + 1, Buffer.from(`${number} ${index}`))
  if (message.sequence === last) done.abort()
}
processor.close()
input.close()
output.close()
