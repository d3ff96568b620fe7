// Wants what only one may have, over and over, as a process or as a worker thread. `writer` appends a few messages each time, until there are as many as its argument says.
// `reader` reads a few each time under one name, until there are no more. Prints what it got as JSON. Arguments, or worker data: role, directory, how many messages.
import { parentPort, workerData } from 'node:worker_threads'
import { openReader, openWriter } from '@chronicle-ts/core'

const [role, directory, total] = workerData ?? process.argv.slice(2)
const END = Number(total)
const result = { won: 0, sequences: [] }

/** Opens, or counts that another process has it; any other error is a fault. */
function tryOpen(open, code) {
  try {
    const opened = open()
    result.won++
    return opened
  } catch (error) {
    if (error.code !== code) throw error
    return undefined
  }
}

function write() {
  const writer = tryOpen(() => openWriter(directory, { segmentSize: 4096 }), 'ERR_WRITER_ACTIVE')
  if (writer === undefined) return false
  for (let count = 0; count < 7 && writer.nextSequence < END; count++) result.sequences.push(writer.append(1, Buffer.alloc(200)))
  const isOver = writer.nextSequence >= END
  writer.close()
  return isOver
}

function read() {
  const reader = tryOpen(() => openReader(directory, 'r'), 'ERR_READER_ACTIVE')
  if (reader === undefined) return false
  reader.poll(7, ({ sequence }) => result.sequences.push(sequence))
  reader.commit()
  const isOver = reader.lag().messages === 0
  reader.close()
  return isOver
}

const turn = role === 'writer' ? write : read
while (!turn()) await new Promise((resolve) => setImmediate(resolve))
if (parentPort === null) console.log(JSON.stringify(result))
else parentPort.postMessage(result)
