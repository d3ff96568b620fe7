/** `npm run torture`: kills processes that share a queue for a given time, and checks every promise. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '../random.js'
import { type RoundResult, runRound } from './round.js'
import { Tally } from './tally.js'
import { parseTortureOptions, type TortureOptions, USAGE } from './torture-options.js'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseTortureOptions(args)
    if (!options.help) return await torture(options)
    process.stdout.write(USAGE)
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 1
  }
}

async function torture(options: TortureOptions): Promise<number> {
  const begunMs = performance.now()
  const isOver = () => performance.now() > begunMs + options.minutes * 60_000 || total.kills >= options.totalKills
  const total = new Tally()
  for (let seed = options.seed; !isOver() && total.count('queues') < options.rounds; seed = new Random(seed).seed()) {
    const base = mkdtempSync(join(tmpdir(), 'chronicle-torture-'))
    const result = await runRound({ folder: join(base, 'round'), seed, kills: options.kills, isOver })
    total.addAll(result.tally)
    const { kills, checks, appended, plan } = result
    console.log(`seed=${seed} kills=${kills} checks=${checks} messages=${appended} ${JSON.stringify(plan)}`)
    const isBroken = result.broken.length > 0
    if (isBroken) tellBroken(seed, result, options, base)
    if (!isBroken || !options.keep) rmSync(base, { recursive: true, force: true })
    if (isBroken) return 1
  }
  summarize(total, (performance.now() - begunMs) / 1000)
  return 0
}

function summarize(total: Tally, seconds: number): void {
  for (const line of total.describe()) console.log(line)
  const perSecond = (total.kills / seconds).toFixed(1)
  console.log(`longest time from an append to a survivor that waited for it: ${total.stallMsMax.toFixed(1)} ms`)
  console.log(`${total.kills} kills in ${Math.round(seconds)} s, ${perSecond} per second: every promise kept.`)
}

function tellBroken(seed: number, { broken }: RoundResult, { kills, keep }: TortureOptions, base: string): void {
  for (const message of broken.slice(0, 20)) console.error(`BROKEN ${message}`)
  console.error(`Again: npm run torture -- --seed ${seed} --kills ${kills} --rounds 1${keep ? `; the queue is in ${base}` : ''}`)
}
