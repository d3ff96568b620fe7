/** `npm run torture`: kills processes that share a queue for as long as it is told, and checks every promise. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runRound } from './kill/round.js'
import { Random } from './random.js'

const USAGE = `usage: npm run torture -- [--minutes N] [--seed S] [--kills N] [--keep]

  --minutes N   how long (default 1)
  --seed S      begins with this seed (default: the clock's); a failure names the seed of its round
  --kills N     kills per queue (default 150)
  --rounds N    ends after so many queues
  --keep        leaves the queue of a failure where it is
`

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      kills: { type: 'string', default: '150' },
      rounds: { type: 'string', default: 'Infinity' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const deadline = performance.now() + Number(values.minutes) * 60_000
  const isOver = () => performance.now() > deadline
  let seed = Number(values.seed)
  const total = { rounds: 0, kills: 0, checks: 0, appended: 0 }
  while (!isOver() && total.rounds < Number(values.rounds)) {
    const folder = join(mkdtempSync(join(tmpdir(), 'chronicle-torture-')), 'round')
    const { plan, kills, checks, appended, broken } = await runRound({ folder, seed, kills: Number(values.kills), isOver })
    total.rounds++
    total.kills += kills
    total.checks += checks
    total.appended += appended
    console.log(`seed=${seed} kills=${kills} checks=${checks} messages=${appended} ${JSON.stringify(plan)}`)
    if (broken.length > 0) {
      for (const message of broken.slice(0, 20)) console.error(`BROKEN ${message}`)
      console.error(
        `Again: npm run torture -- --seed ${seed} --kills ${values.kills} --rounds 1${values.keep ? `; the queue is in ${folder}` : ''}`,
      )
      if (!values.keep) rmSync(folder, { recursive: true, force: true })
      return 1
    }
    rmSync(folder, { recursive: true, force: true })
    seed = new Random(seed).seed()
  }
  console.log(
    `${total.kills} kills in ${total.rounds} queues, ${total.appended} messages, ${total.checks} looks at rest: every promise kept.`,
  )
  return 0
}
