/** A soak of one queue: one writer, four readers of different speeds. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeLine } from '../resources/flatness.js'
import { runSoak } from './soak.js'

const USAGE = `usage: node tools/dist/evidence/soak/main.js [--seconds N] [--rate N]

  --seconds N  how long the writer writes (default 60)
  --rate N     messages per second (default 10000)
`

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string', default: '10000' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-soak-'))
  try {
    const seconds = Number(values.seconds)
    const { writer, readers, processes, broken } = await runSoak({ folder, seconds, rate: Number(values.rate) })
    console.log(`writer: ${JSON.stringify(writer)}, ${Math.round(writer.count / seconds)} messages per second`)
    for (const [name, { count, restarts, latencyNs }] of Object.entries(readers)) {
      console.log(`${name}: ${JSON.stringify({ count, restarts, latencyNs })}`)
    }
    for (const { name, first, last, lines } of processes) {
      console.log(`${name}: ${lines.map(describeLine).join(', ')}; RSS ${first?.residentKb} -> ${last?.residentKb} KiB`)
    }
    for (const what of broken) console.error(`BROKEN ${what}`)
    return broken.length > 0 ? 1 : 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
