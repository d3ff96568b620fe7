import { parseArgs } from 'node:util'
import { BusLayout, RouterDiscovery } from '@chronicle-ts/bus'
import { UsageError } from '../process/expected-error.js'
import { ParentLink } from '../process/parent-link.js'
import type { RouterState } from '../process/program-state.js'
import { runProgram } from '../process/run-program.js'
import { Router } from './router.js'

const BATCH_COUNT = 256
/** Longest sleep before looking for strategies and commands again. */
const LOOK_INTERVAL_MS = 20

/** Finds strategies through the bus, merges their orders by timestamp and answers each on its `orders_in`. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { root: { type: 'string' } } })
  if (values.root === undefined) throw new UsageError('Usage: router --root DIR')

  const layout = new BusLayout(values.root)
  const router = new Router(layout, (strategy, error) => console.error(`${strategy}: ${error}`))
  const link = new ParentLink<RouterState>(() => router.state)
  using discovery = new RouterDiscovery(layout, { onProblem: ({ error }) => console.error(error.message) })
  try {
    link.ready()
    await link.started
    await route(router, discovery, link)
  } finally {
    router.close()
  }
  await link.done()
}

async function route(router: Router, discovery: RouterDiscovery, link: ParentLink<RouterState>): Promise<void> {
  while (!link.isStopping) {
    // Asked before reading: what was appended before the order to drain came is then seen by this reading.
    const isDraining = link.isDraining
    for (const { kind, strategy } of discovery.poll()) {
      if (kind === 'removed') router.detach(strategy)
      else if (kind === 'left') router.serveLeft(strategy)
      else router.attach(strategy)
    }
    router.retry()
    const count = router.read(BATCH_COUNT)
    if (count === BATCH_COUNT) await new Promise((resolve) => setImmediate(resolve))
    else if (count === 0 && isDraining) return
    else await router.wait(LOOK_INTERVAL_MS)
  }
}

await runProgram(main)
