/** `limited-router.mjs <root> <file> <limit>`: answers each line of its input with what it knows and the state of its watches; at `raise` it first writes the limit into the file. */
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { RouterDiscovery } from '@chronicle-ts/bus'

const [root, file, limit] = process.argv.slice(2)
const problems = []
const discovery = new RouterDiscovery(root, { onProblem: ({ error }) => problems.push(`${error.code} ${error.limit}`) })
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'raise') writeFileSync(file, limit)
  const { watches, refusedWatches } = discovery.metrics()
  const strategies = discovery.strategies().map(({ strategy }) => strategy)
  console.log(JSON.stringify({ strategies, watches, refusedWatches, problems }))
}
discovery.close()
