import { join } from 'node:path'
import { type Role, RoleError, resultOf, startRole } from '../process/role.js'
import { runTopology } from '../process/run-topology.js'
import type { SinkResult } from './sink.js'
import type { Guarantee } from './transformer.js'

/** B is killed when it has worked on these parts of all messages. */
const CRASH_POINTS = [0.25, 0.5, 0.75]

await runTopology({
  name: 'pipeline',
  description:
    'A writes numbers, B squares them, C adds the squares up; a queue between each two. B is killed three times between its append and its commit, ' +
    'once with a B that repeats then and once with a B that looks at its own output first.',
  messages: 2000,
  async run({ root, messages }) {
    const atLeastOnce = await runPipeline({ root: join(root, 'at-least-once'), messages, guarantee: 'at-least-once' })
    const exactlyOnce = await runPipeline({ root: join(root, 'exactly-once'), messages, guarantee: 'exactly-once' })
    const expectedSum = (messages * (messages + 1) * (2 * messages + 1)) / 6
    const results = [atLeastOnce, exactlyOnce]
    const isSound =
      results.every(({ sum, distinct, missing }) => sum === expectedSum && distinct === messages && missing === 0) &&
      atLeastOnce.repeats === crashPoints(messages).length &&
      exactlyOnce.repeats === 0
    return {
      facts: {
        messages,
        crashes: crashPoints(messages).length,
        repeatsAtLeastOnce: atLeastOnce.repeats,
        repeatsExactlyOnce: exactlyOnce.repeats,
        missing: atLeastOnce.missing + exactlyOnce.missing,
        sum: exactlyOnce.sum,
        expectedSum,
      },
      isSound,
    }
  },
})

interface PipelineOptions {
  readonly root: string
  readonly messages: number
  readonly guarantee: Guarantee
}

async function runPipeline({ root, messages, guarantee }: PipelineOptions): Promise<SinkResult> {
  const fromA = join(root, 'a-to-b')
  const fromB = join(root, 'b-to-c')
  const source = startRole('source.js', import.meta.url, [fromA, messages])
  const sink = startRole<SinkResult>('sink.js', import.meta.url, [fromB])
  const startB = (crashAt: number): Role<unknown> =>
    startRole('transformer.js', import.meta.url, [fromA, fromB, guarantee, crashAt])
  for (const crashAt of crashPoints(messages)) {
    const { signal } = await startB(crashAt).ended
    if (signal !== 'SIGKILL') throw new RoleError(`B was to be killed and was not: signal=${signal}`)
  }
  await resultOf('B', startB(-1))
  await resultOf('A', source)
  return await resultOf('C', sink)
}

/** Sequences in A's queue at which B is killed. */
function crashPoints(messages: number): number[] {
  return [...new Set(CRASH_POINTS.map((part) => Math.floor(messages * part)))]
}
