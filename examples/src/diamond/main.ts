import { join } from 'node:path'
import { resultOf, startRole } from '../process/role.js'
import { runTopology } from '../process/run-topology.js'
import type { MergerResult } from './merger.js'

/** How many prices B and C average over. */
const FAST_SPAN = 5
const SLOW_SPAN = 50

await runTopology({
  name: 'diamond',
  description:
    'A writes prices; B and C read all of them and average, B over few and C over many; D merges both streams in the order of A and looks for crossings. ' +
    'Whatever the timing of the processes, D sees the same stream: its hash is a function of the prices.',
  messages: 3000,
  async run({ root, messages }) {
    const prices = join(root, 'a')
    const fast = join(root, 'b')
    const slow = join(root, 'c')
    const averager = (output: string, span: number) => startRole('averager.js', import.meta.url, [prices, output, span, messages])
    const merger = startRole<MergerResult>('merger.js', import.meta.url, [fast, slow, messages])
    const others = {
      B: averager(fast, FAST_SPAN),
      C: averager(slow, SLOW_SPAN),
      A: startRole('price-source.js', import.meta.url, [prices, messages]),
    }
    for (const [name, role] of Object.entries(others)) await resultOf(name, role)
    const merged = await resultOf('D', merger)
    return { facts: { messages, ...merged }, isSound: merged.pairs === messages && merged.unpaired === 0 && merged.late === 0 }
  },
})
