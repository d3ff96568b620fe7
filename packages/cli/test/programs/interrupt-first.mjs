// Runs each of the commands that come as JSON on standard input (a list of argument lists) with a SIGINT that is there before its work begins. Prints, as JSON, the exit code of each, and what it wrote.
import { text } from 'node:stream/consumers'
import { main } from '../../dist/main.js'

const commands = JSON.parse(await text(process.stdin))
const write = process.stdout.write.bind(process.stdout)
let written = ''
// Each run leaves a listener there.
process.stdout.setMaxListeners(0)
process.stdout.write = (chunk) => {
  written += chunk
  return true
}
const outcomes = []
for (const args of commands) {
  written = ''
  const ending = main(args)
  // The handlers are on now, and the event loop has not turned since.
  process.kill(process.pid, 'SIGINT')
  outcomes.push({ exitCode: await ending, stdout: written })
}
write(JSON.stringify(outcomes))
