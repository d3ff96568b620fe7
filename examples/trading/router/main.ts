import { parseArgs } from 'node:util'
import { ExpectedError } from '../process/expected-error.js'
import { ParentLink } from '../process/parent-link.js'
import type { RouterState } from '../process/program-state.js'
import { runProgram } from '../process/run-program.js'
import { Router } from './router.js'

/** Takes the orders of all strategies that come and go, merged by time, and answers each on its `orders_in`. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { root: { type: 'string' } } })
  if (values.root === undefined) throw new ExpectedError('Usage: router --root DIR')

  const router = new Router(values.root, (strategy, error) => console.error(`${strategy}: ${error}`))
  const link = new ParentLink<RouterState>(() => router.state)
  try {
    link.ready()
    await link.started
    await link.readAll(router)
  } finally {
    router.close()
  }
  await link.done()
}

await runProgram(main)
