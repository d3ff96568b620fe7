// A writer that is not notified when readers move on: prints whether the segments that its reader has left are deleted nevertheless. Argument: directory.
import { readdirSync, watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openReader, openWriter } from '@chronicle-ts/core'

const [, , directory] = process.argv
const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0, retention: { consumed: true } })
const reader = openReader(directory, 'r')
for (let number = 0; number < 40; number++) writer.append(1, Buffer.alloc(500))
await sleep(20)
while (reader.next() !== undefined);
reader.commit()
// Nothing rolls any more, so that only the commit could show it.
let refused = 'none'
try {
  watch(directory).close()
} catch (error) {
  refused = error.code
}
const segments = () => readdirSync(directory).filter((name) => name.endsWith('.q')).length
const before = segments()
while (segments() > 2) await sleep(50)
console.log(JSON.stringify({ refused, before, messages: reader.metrics().messages }))
reader.close()
writer.close()
