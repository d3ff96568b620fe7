// Gets a SIGBUS that has nothing to do with a mapping, while the fault handler is installed.
import { openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '../../dist/index.js'

const path = join(process.argv[2], 'bus-error')
writeFileSync(path, Buffer.alloc(4096))
binding.mapFile(openSync(path, 'r+'), 4096, true)
process.kill(process.pid, 'SIGBUS')
setTimeout(() => {}, 60_000)
