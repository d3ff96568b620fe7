// Reads slowly, so that a bounded writer blocks; then commits on, closes, or is killed by itself. Arguments: directory, name, end.
import { openReader } from '@chronicle-ts/core'

const [, , directory, name, end] = process.argv
const reader = openReader(directory, name)
console.log('reading')
setTimeout(() => {
  if (end === 'closes') {
    reader.close()
    return
  }
  if (end === 'is killed') process.kill(process.pid, 'SIGKILL')
  let expected = 0
  while (expected < 400) {
    const message = reader.next()
    if (message === undefined) {
      reader.wait({ timeoutMs: 1000 })
      continue
    }
    if (message.sequence !== expected) throw new Error(`sequence ${message.sequence} instead of ${expected}`)
    expected++
    reader.commit()
  }
  console.log(`read ${expected}`)
  reader.close()
}, 100)
