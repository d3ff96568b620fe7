// Appends while the background thread would reserve blocks, on a file system that cannot, and prints as JSON how many messages a reader misses. Needs no-reservations.cc preloaded.
// Argument: folder.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openWriter } from '@chronicle-ts/core'

const COUNT = 100
const queue = join(process.argv[2], 'queue')
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function countReadable() {
  const observer = openObserver(queue, { start: 'earliest', onCorrupt: 'skip' })
  let count = 0
  while (observer.next() !== undefined) count++
  observer.close()
  return count
}

const writer = openWriter(queue, { segmentSize: 4 << 20 })
while (!existsSync(process.env.RESERVATIONS_TRIED)) await pause(1)
for (let count = 0; count < COUNT; count++) writer.append(1, Buffer.alloc(2000, 7))
writeFileSync(process.env.RESERVATIONS_WAIT, '')
// What overwrites them does so now.
for (let look = 0; look < 20 && countReadable() === COUNT; look++) await pause(5)
writer.close()
console.log(JSON.stringify({ missing: COUNT - countReadable() }))
