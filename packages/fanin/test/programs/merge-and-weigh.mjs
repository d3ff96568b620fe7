// Merges closed queues several times and prints the bytes of heap that a message cost, the median of the rounds: `node merge-and-weigh.mjs <mode> <directory>...`.
// What a message allocates shows in every round. What the engine allocates until it has compiled the loop, later on a busy machine, in the first few;
// a collection, in one.
import { openObserver } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'

const ROUNDS = 7
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

const rounds = Array.from({ length: ROUNDS }, merge)
const [{ count }] = rounds
const weights = rounds.map((round) => round.bytesPerMessage).sort((a, b) => a - b)
const bytesPerMessage = weights[ROUNDS >> 1]
console.log(JSON.stringify({ count, bytesPerMessage }))
