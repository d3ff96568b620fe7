// Runs under a limit of 64 KiB or so per file (ulimit -f), which stands for a full disk without needing one: what does not fit fails with a code.
import { closeSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { binding, PREPARE_POPULATE } from '../../dist/index.js'

// The kernel sends SIGXFSZ with the error; Node ignores it, so the code arrives.
const folder = process.argv[2]
const fd = openSync(join(folder, 'no-room'), 'w+')
let reserve = ''
try {
  binding.reserveBlocks(fd, 0, 1 << 20)
} catch (error) {
  reserve = error.code
}
closeSync(fd)

function prepare(length) {
  return binding.backgroundPrepare(join(folder, 'no-room.tmp'), '', Buffer.from('header'), length, PREPARE_POPULATE)
}

const job = binding.jobWait(prepare(1 << 20), 30_000)
const leftBehind = readdirSync(folder).filter((name) => name === 'no-room.tmp')
const jobAfterwards = binding.jobWait(prepare(4096), 30_000)
console.log(JSON.stringify({ reserve, job, jobAfterwards, leftBehind }))
