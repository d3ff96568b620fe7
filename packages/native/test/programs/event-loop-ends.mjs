// Nothing but a park keeps this process alive; a cancelled one does not.
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '../../dist/index.js'

const fd = openSync(join(process.argv[2], 'ends'), 'w+')
ftruncateSync(fd, 4096)
const mapping = binding.mapFile(fd, 4096, true)
closeSync(fd)
const cancelled = binding.park([mapping], [0], [0], 600_000, () => {})
binding.park([mapping], [0], [0], 50, (parked) => console.log(JSON.stringify({ parked })))
binding.unpark(cancelled)
