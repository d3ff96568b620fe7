// The processes of the incidents, one per role: `node processes.mjs writer <queue>` or `reader <queue> <name>`. Commands come as lines on standard input; each is answered by its name.
import { createInterface } from 'node:readline'
import { openReader, openWriter } from '@chronicle-ts/core'

const [, , role, queue, name] = process.argv
const every = 20

const commands = role === 'writer' ? writer() : reader()
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  commands[line]?.()
  process.stdout.write(`${line}\n`)
})
lines.on('close', () => process.exit(0))
process.stdout.write('open\n')

function writer() {
  const opened = openWriter(queue, {
    segmentSize: 4096,
    maxSegments: 200,
    backpressure: 'block',
    retention: { consumed: true, minSegments: 4 },
  })
  let isFast = false
  let timestampNs
  setInterval(() => {
    const options = timestampNs === undefined ? {} : { timestampNs: timestampNs() }
    for (let count = 0; count < (isFast ? 100 : 1); count += 1)
      opened.appendAsync(1, Buffer.alloc(100, 'm'), { ...options, timeoutMs: 600_000 }).catch(() => undefined)
  }, every)
  return {
    fast: () => (isFast = true),
    slow: () => (isFast = false),
    forge: () => (timestampNs = () => BigInt(Date.now() + 86_400_000) * 1_000_000n),
    honest: () => (timestampNs = undefined),
    close: () => opened.close(),
  }
}

function reader() {
  const opened = openReader(queue, name, { start: 'earliest', onLost: 'snap', onCorrupt: 'skip', waitForQueueMs: 30_000 })
  let loops = false
  setInterval(() => {
    if (loops) return
    while (opened.next() !== undefined);
    opened.commit()
  }, every)
  return { loop: () => (loops = true), work: () => (loops = false), close: () => opened.close() }
}
