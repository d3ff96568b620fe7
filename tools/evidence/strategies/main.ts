/** A soak of strategies that start, crash and vanish under one router. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeLine } from '../resources/flatness.js'
import { runSoak } from './soak.js'

const USAGE = `usage: node tools/dist/evidence/strategies/main.js [--strategies N] [--minutes N] [--seed S] [--keep]

  --strategies N  how many (default 50)
  --minutes N     how long (default 2)
  --seed S        which process dies when (default: the clock's); printed, and the same seed strikes in the same order
  --keep          leaves the queues where they are
`

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      strategies: { type: 'string', default: '50' },
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const [strategies, seconds, seed] = [Number(values.strategies), Number(values.minutes) * 60, Number(values.seed)]
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-strategies-'))
  console.log(`seed ${seed}${values.keep ? `, in ${folder}` : ''}`)
  try {
    const { samples, lines, broken, before, after, ...counts } = await runSoak({ folder, strategies, seconds, seed })
    for (const [name, value] of Object.entries(counts)) console.log(`${name}: ${value}`)
    for (const line of lines) console.log(describeLine(line))
    console.log(`router, before the first strategy: ${JSON.stringify(before)}`)
    console.log(`router, warm:                      ${JSON.stringify(samples[0])}`)
    console.log(`router, at the end of the soak:    ${JSON.stringify(samples.at(-1))}`)
    console.log(`router, after the last strategy:   ${JSON.stringify(after)}`)
    for (const what of broken.slice(0, 20)) console.error(`BROKEN ${what}`)
    if (broken.length > 0) console.error(`Again: --strategies ${strategies} --minutes ${values.minutes} --seed ${seed}`)
    return broken.length > 0 ? 1 : 0
  } finally {
    if (!values.keep) rmSync(folder, { recursive: true, force: true })
  }
}
