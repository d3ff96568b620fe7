import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Queues } from '../queues/queues.js'

const PROGRAM = fileURLToPath(new URL('../programs/merge-and-weigh.mjs', import.meta.url))
const SOURCES = 8
const COUNT = 50_000
/** Without a sign its lower 32 bits are too large for a small integer of the engine. */
const START_NS = 0x1800_0000_c000_0000n

let queues: Queues

beforeEach(() => {
  queues = new Queues()
})

afterEach(() => queues.end())

for (const mode of ['eager', 'ordered'] as const) {
  it(`allocates nothing per message: ${mode}`, () => {
    const writers = Array.from({ length: SOURCES }, (_, i) => queues.writer(`q${i}`, { segmentSize: 16 << 20 }))
    for (let i = 0; i < SOURCES * COUNT; i++) {
      writers[(i * 7 + (i >> 5)) % SOURCES]?.append(1, Buffer.alloc(0), { timestampNs: START_NS + BigInt(i) })
    }
    for (const writer of writers) writer.close()
    // A young generation so large that nothing is collected while it weighs.
    const args = ['--max-semi-space-size=256', '--min-semi-space-size=256', PROGRAM, mode]
    const output = execFileSync(process.execPath, [...args, ...writers.map(({ directory }) => directory)], { encoding: 'utf8' })
    const { count, bytesPerMessage } = JSON.parse(output)
    expect(count).toBe(SOURCES * COUNT - 100)
    // The smallest object has 16 bytes.
    expect(bytesPerMessage).toBeLessThan(8)
  })
}
