/** `watching-router.mjs <root>`: says each event, and what became of its watches. */
import { RouterDiscovery } from '@chronicle-ts/bus'

const problems = []
const discovery = new RouterDiscovery(process.argv[2], {
  onProblem: ({ error }) => problems.push(`${error.code} ${error.limit}`),
})
for await (const { kind, strategy } of discovery) {
  const { refusedWatches } = discovery.metrics()
  console.log(JSON.stringify({ event: `${kind} ${strategy}`, refused: refusedWatches > 0, problems: [...new Set(problems)] }))
}
