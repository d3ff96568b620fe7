// Runs one command of chron-cli after the other in this process, on what the build made. Each line of the request pipe is one command's arguments as JSON; each line of the answer
// pipe is its exit code. Standard output and standard error are files, which the caller reads and empties. Ends when the caller closes the request pipe.
// Arguments: the folder with both pipes.
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { main } from '../../dist/main.js'

const [folder = ''] = process.argv.slice(2)
const requests = openSync(join(folder, 'requests'), 'r')
const answers = openSync(join(folder, 'answers'), 'w')
const chunk = Buffer.alloc(64 * 1024)
let pending = ''

/** The next line, for which this process waits; `undefined` when the caller is gone. */
function nextRequest() {
  while (!pending.includes('\n')) {
    const length = readSync(requests, chunk, 0, chunk.length, null)
    if (length === 0) return undefined
    pending += chunk.toString('utf8', 0, length)
  }
  const end = pending.indexOf('\n')
  const line = pending.slice(0, end)
  pending = pending.slice(end + 1)
  return JSON.parse(line)
}

process.stdout.setMaxListeners(0)
for (let args = nextRequest(); args !== undefined; args = nextRequest()) {
  const exitCode = await main(args)
  process.stdout.removeAllListeners('error')
  writeSync(answers, `${exitCode}\n`)
}
closeSync(answers)
rmSync(folder, { recursive: true, force: true })
