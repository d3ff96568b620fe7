import { parseArgs } from 'node:util'
import { UsageError } from '../process/expected-error.js'
import { ParentLink } from '../process/parent-link.js'
import type { RouterState } from '../process/program-state.js'
import { runProgram } from '../process/run-program.js'
import { Router } from './router.js'

const BATCH_COUNT = 256
/** Longest sleep before looking for strategies and commands again. */
const LOOK_INTERVAL_MS = 20

/** Takes the orders of all strategies that come and go, merged by time, and answers each on its `orders_in`. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { root: { type: 'string' } } })
  if (values.root === undefined) throw new UsageError('Usage: router --root DIR')

  const router = new Router(values.root, (strategy, error) => console.error(`${strategy}: ${error}`))
  const link = new ParentLink<RouterState>(() => router.state)
  try {
    link.ready()
    await link.started
    await route(router, link)
  } finally {
    router.close()
  }
  await link.done()
}

async function route(router: Router, link: ParentLink<RouterState>): Promise<void> {
  while (!link.isStopping) {
    // Asked before reading: what was appended before the order to drain came is then seen by this reading.
    const isDraining = link.isDraining
    const count = router.read(BATCH_COUNT)
    if (count === BATCH_COUNT) await new Promise((resolve) => setImmediate(resolve))
    else if (count === 0 && isDraining) return
    else await router.wait(LOOK_INTERVAL_MS)
  }
}

await runProgram(main)
