// Runs one command of chron-cli after the other in this process, which is in a terminal: starting one for each would be most of the time. Prints a line after each that no command
// prints. Arguments: that line, and the commands' arguments as JSON.
import { main } from '../../dist/main.js'

const [mark, commands] = process.argv.slice(2)
process.stdout.setMaxListeners(0)
for (const args of JSON.parse(commands)) {
  await main(args)
  process.stdout.removeAllListeners('error')
  process.stdout.write(`\n${mark}\n`)
}
