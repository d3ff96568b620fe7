// Opens a queue for writing and for reading, then starts a program that outlives this process; prints that program's pid and what it inherited. Argument: directory.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { openReader, openWriter } from '@chronicle-ts/core'

const [, , directory] = process.argv
const writer = openWriter(directory, { segmentSize: 4096, flushPolicy: { everyMs: 1 } })
const reader = openReader(directory, 'r')
for (let number = 0; number < 50; number++) writer.append(1, Buffer.alloc(200))
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)'], {
  stdio: ['ignore', 'pipe', 'ignore'],
})
await once(child.stdout, 'data')
const inherited = readdirSync(`/proc/${child.pid}/fd`).flatMap((fd) => {
  try {
    return [readlinkSync(`/proc/${child.pid}/fd/${fd}`)]
  } catch {
    return []
  }
})
const { nextSequence } = writer
console.log(JSON.stringify({ pid: child.pid, inherited: inherited.filter((path) => path.includes(directory)), nextSequence }))
setInterval(() => reader.poll(10, () => undefined), 1000)
