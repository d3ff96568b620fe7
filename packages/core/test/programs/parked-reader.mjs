// Reads until it has seen message number `count` - 1, waiting in the kernel, and prints how many came in order. Arguments: directory, name, count.
import { openReader } from '@chronicle-ts/core'

const [, , directory, name, count] = process.argv
const reader = openReader(directory, name, { wait: 'park' })
let expected = 0
console.log('reading')
while (expected < Number(count)) {
  const message = reader.next()
  if (message === undefined) {
    reader.wait({ timeoutMs: 100 })
    continue
  }
  if (message.sequence !== expected) throw new Error(`sequence ${message.sequence} instead of ${expected}`)
  expected++
  if (expected % 10 === 0) reader.commit()
}
reader.commit()
reader.close()
console.log(expected)
