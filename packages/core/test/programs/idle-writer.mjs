// Opens a queue with retention and a reader, does nothing for a second, and prints how often the process was put to sleep meanwhile. Argument: directory.
import { openReader, openWriter } from '@chronicle-ts/core'

const writer = openWriter(process.argv[2], { segmentSize: 4096, retention: { consumed: true } })
const reader = openReader(process.argv[2], 'r')
for (let number = 0; number < 100; number++) writer.append(1, Buffer.alloc(200))
setTimeout(() => {
  const { voluntaryContextSwitches: before } = process.resourceUsage()
  setTimeout(() => {
    console.log(process.resourceUsage().voluntaryContextSwitches - before)
    reader.close()
    writer.close()
  }, 1000)
}, 200)
