// What a callback throws arrives where all uncaught exceptions arrive, and later callbacks still come.
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '../../dist/index.js'

const fd = openSync(join(process.argv[2], 'throws'), 'w+')
ftruncateSync(fd, 4096)
const mapping = binding.mapFile(fd, 4096, true)
closeSync(fd)
process.once('uncaughtException', (error) => {
  binding.park([mapping], [0], [0], 1, (afterwards) => console.log(JSON.stringify({ caught: error.message, afterwards })))
})
binding.park([mapping], [0], [0], 1, () => {
  throw new Error('from the callback')
})
