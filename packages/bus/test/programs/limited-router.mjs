/** `limited-router.mjs <root> <file> <limit>`: answers each line of its input with the state of its watches; at `raise` it first writes the limit into the file. */
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { RouterDiscovery } from '@chronicle-ts/bus'

const [root, file, limit] = process.argv.slice(2)
const problems = []
const discovery = new RouterDiscovery(root, { onProblem: ({ error }) => problems.push(error.code) })
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'raise') writeFileSync(file, limit)
  const { watches, refusedWatches } = discovery.metrics()
  console.log(JSON.stringify({ watches, refusedWatches, problems }))
}
discovery.close()
