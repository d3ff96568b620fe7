// Merges closed queues twice, to warm up and to weigh, and prints the bytes of heap that a message cost: node merge-and-weigh.mjs <mode> <directory>...
import { openObserver } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'

const [mode, ...directories] = process.argv.slice(2)

function merge() {
  const fanIn = new FanInReader({ mode, ownsSources: true })
  for (const directory of directories) fanIn.add(directory, openObserver(directory, { start: 'earliest' }))
  // The first messages open files and grow arrays.
  for (let count = 0; count < 100; count++) fanIn.next()
  const before = process.memoryUsage().heapUsed
  let count = 0
  while (fanIn.next() !== undefined) count++
  const bytes = process.memoryUsage().heapUsed - before
  fanIn.close()
  return { count, bytesPerMessage: bytes / count }
}

merge()
console.log(JSON.stringify(merge()))
