// Makes a queue and waits for a line on stdin; appends one message some milliseconds later. Arguments: directory, milliseconds.
import { createInterface } from 'node:readline'
import { openWriter } from '@chronicle-ts/core'

const writer = openWriter(process.argv[2], { segmentSize: 4096 })
createInterface({ input: process.stdin }).once('line', () => {
  setTimeout(() => writer.append(1, Buffer.from('late')), Number(process.argv[3]))
})
console.log('ready')
