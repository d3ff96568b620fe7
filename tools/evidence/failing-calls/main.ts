/** `node tools/dist/evidence/failing-calls/main.js`: lets each call of each operation fail in each way, and checks what the library says and what remains. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FAULTS, OUT_OF_MEMORY } from './fault.js'
import { buildFailingCalls } from './injector.js'
import { OPERATIONS } from './operations/index.js'
import { type RowResult, runOperation } from './run-operation.js'
import { Tally } from './tally.js'

const USAGE = `usage: node tools/dist/evidence/failing-calls/main.js [--operation TEXT] [--fault TEXT] [--duration once|from-then-on] [--nth N]

  --operation TEXT   only operations with this text in their name; may be repeated
  --fault TEXT       only the fault of this name; may be repeated
  --duration D       once or from-then-on (default: both)
  --nth N            only the n-th call
  --stride S         only every S-th call of a row: the short form
  --memory           allocations of the addon fail, too: each ends the process
  --every            prints every case
  --list             prints the operations and faults
`

/** Findings of one kind that are printed when they are made. The summary counts them all. */
const SHOWN_PER_KIND = 2

const { values } = parseArgs({
  options: {
    operation: { type: 'string', multiple: true },
    fault: { type: 'string', multiple: true },
    duration: { type: 'string' },
    nth: { type: 'string' },
    stride: { type: 'string', default: '1' },
    memory: { type: 'boolean', default: false },
    every: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const operations = OPERATIONS.filter(({ name }) => values.operation?.some((text) => name.includes(text)) ?? true)
const faults = [...FAULTS, ...(values.memory ? [OUT_OF_MEMORY] : [])].filter(({ name }) => values.fault?.includes(name) ?? true)

if (values.help) process.stdout.write(USAGE)
else if (values.list)
  process.stdout.write(`${operations.map(({ name }) => name).join('\n')}\n\n${faults.map(({ name }) => name).join('\n')}\n`)
else process.exitCode = await run()

async function run(): Promise<number> {
  const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chronicle-failing-calls-'))
  const tally = new Tally()
  try {
    const library = buildFailingCalls()
    const rows = faults.flatMap((fault) => fault.durations.map((duration) => ({ fault, duration })))
    const chosen = rows.filter(({ duration }) => values.duration === undefined || values.duration === duration)
    const range = values.nth === undefined ? {} : { firstCall: Number(values.nth), lastCall: Number(values.nth) }
    const stride = Number(values.stride)
    for (const { name } of operations) {
      await runOperation({ library, folder: scratch, operation: name, rows: chosen, stride, ...range }, (result) =>
        take(tally, name, result),
      )
      console.log(tally.lineOf(name))
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  console.log(tally.kinds())
  console.log(tally.summary())
  return tally.broken > 0 ? 1 : 0
}

function take(tally: Tally, operation: string, result: RowResult): void {
  tally.add(operation, result)
  const { fault, duration, nth, hit, codes, findings } = result
  const call = hit.fired === 0 ? 'untouched' : `${hit.call} ${hit.path.replace(/^.*?\/case-[\d-]+\/?/, '')}`
  const where = `${operation} | ${fault.name} ${duration} n=${nth} | ${call} | ${codes.join(', ')}`
  if (values.every) console.log(where)
  for (const finding of findings) {
    const before = tally.addFinding(finding, where)
    if (before < SHOWN_PER_KIND || values.every) console.log(`BROKEN ${where}\n  ${finding}`)
  }
}
