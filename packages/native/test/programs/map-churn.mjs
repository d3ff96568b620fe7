// Maps and unmaps, or forgets, thousands of times; prints how many mappings of the file are left.
import { closeSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '../../dist/index.js'

const path = join(process.argv[2], 'churn')
const fd = openSync(path, 'w+')
ftruncateSync(fd, 1 << 20)
function churn() {
  for (let index = 0; index < 200; index++) {
    const mapping = binding.mapFile(fd, 1 << 20, true)
    new Uint8Array(mapping)[index] = 1
    if (index % 2 === 0) binding.unmap(mapping)
  }
}
for (let round = 0; round < 20; round++) churn()
closeSync(fd)

const left = () => readFileSync('/proc/self/maps', 'utf8').split(path).length - 1
for (let attempt = 0; attempt < 100 && left() > 0; attempt++) {
  globalThis.gc()
  await new Promise((resolve) => setTimeout(resolve, 10))
}
console.log(JSON.stringify({ mappingsLeft: left() }))
