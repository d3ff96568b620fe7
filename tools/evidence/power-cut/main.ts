/** `node tools/evidence/power-cut/main.mjs`: cuts the power at random instants of recorded runs, and opens what the disk may hold then. */
import { parseArgs } from 'node:util'
import { cutPower } from './cut-power.js'

const USAGE = `usage: node tools/evidence/power-cut/main.mjs [--seed S] [--states N] [--keep]

  --seed S     seed of the first history (default: the clock's); a failure names the seed of its history
  --states N   crash states to look at (default 1000)
  --per N      crash states per history (default 100)
  --keep       leaves the recording of a failure where it is, and says how to look at it again
  --look DIR --state K   looks again at one crash state of a recording that was kept
  --go-on      does not stop at the first failure
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    states: { type: 'string', default: '1000' },
    per: { type: 'string', default: '100' },
    keep: { type: 'boolean', default: false },
    'go-on': { type: 'boolean', default: false },
    look: { type: 'string' },
    state: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(USAGE)
else process.exitCode = run()

function run(): number {
  const { states, histories, failures } = cutPower({
    seed: Number(values.seed),
    states: Number(values.states),
    statesPerHistory: Number(values.per),
    keep: values.keep,
    goOn: values['go-on'],
    look: values.look === undefined ? undefined : { folder: values.look, state: Number(values.state) },
    tell: (line) => console.log(line),
  })
  if (failures > 0) {
    console.error(`${failures} of ${states} crash states broke a promise.`)
    return 1
  }
  console.log(`${states} crash states of ${histories} histories: every promise kept.`)
  return 0
}
