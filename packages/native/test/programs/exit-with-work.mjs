// Leaves with process.exit while jobs and parks are pending.
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '../../dist/index.js'

const fd = openSync(join(process.argv[2], 'exit'), 'w+')
ftruncateSync(fd, 1 << 20)
const mapping = binding.mapFile(fd, 1 << 20, true)
closeSync(fd)
for (let index = 0; index < 50; index++) {
  binding.park([mapping], [0], [0], 600_000, () => {})
  binding.jobNotify(binding.backgroundSync(mapping, 0, 1 << 20), () => {})
}
console.log(JSON.stringify({ exits: 'ok' }))
process.exit(0)
