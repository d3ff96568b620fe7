/** How much heap appends and reads allocate, garbage included, per message; prints it as JSON. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openReader, openWriter } from '@chronicle-ts/core'

export interface HeapTask {
  readonly directory: string
  readonly payloadLength: number
  readonly messages: number
}

/** Messages between two collections: few enough that a small object for each would not bring about one of its own. */
const PART = 100_000
/** Parts that do not count: the engine compiles what runs hot, and that allocates. */
const WARM_UP_PARTS = 5

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
const { directory, payloadLength, messages }: HeapTask = JSON.parse(process.argv[2] ?? '{}')
const writer = openWriter(directory, { segmentSize: 64 * 1024 * 1024, retention: { maxSegments: 4 } })
const reader = openReader(directory, 'heap')
const payload = Buffer.alloc(payloadLength, 7)
let appendHeapB = 0
let readHeapB = 0
for (let part = -WARM_UP_PARTS; part * PART < messages; part++) {
  const appended = allocated(appendPart)
  const read = allocated(readPart)
  if (part < 0) continue
  appendHeapB += appended / messages
  readHeapB += read / messages
}
reader.close()
writer.close()
process.stdout.write(JSON.stringify({ appendHeapB: Math.max(0, appendHeapB), readHeapB: Math.max(0, readHeapB) }))

function appendPart(): void {
  for (let index = 0; index < PART; index++) writer.append(1, payload)
}

function readPart(): void {
  for (let index = 0; index < PART; index++) {
    const message = reader.next()
    if (message === undefined) throw new Error('a message is missing')
    if (message.view.getUint8(message.payloadOffset) !== 7) throw new Error('a message is another')
  }
  reader.commit()
}

function allocated(work: () => void): number {
  collect()
  const before = process.memoryUsage().heapUsed
  work()
  return process.memoryUsage().heapUsed - before
}
