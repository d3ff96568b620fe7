/**
 * Runs with the library preloaded: one operation with one fault at its first call that can give it, at its second, ... until a run passes untouched. Arguments: control
 * file, folder, operation, fault, duration, first n, last n. Prints a line of JSON per case, and what it begins before.
 */
import { join } from 'node:path'
import { type Duration, FAULTS, OUT_OF_MEMORY } from './fault.js'
import { Injector } from './injector.js'
import { describe } from './ledger.js'
import { OPERATIONS } from './operations/index.js'
import { runCase } from './run-case.js'

/** Threads take turns differently in every run, so that one may have a call less: only several in a row mean that the calls have ended. */
const UNTOUCHED_RUNS = 2

const [control = '', folder = '', operationName, faultName, duration = 'once', first = '1', last = '100000'] =
  process.argv.slice(2)
const operation = OPERATIONS.find(({ name }) => name === operationName)
const fault = [...FAULTS, OUT_OF_MEMORY].find(({ name }) => name === faultName)
if (operation === undefined || fault === undefined)
  throw new Error(`there is no operation ${operationName} or no fault ${faultName}`)
const injector = new Injector(control)

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

let untouched = 0
for (let nth = Number(first); nth <= Number(last) && untouched < UNTOUCHED_RUNS; nth++) {
  tell({ begins: nth })
  try {
    const result = await runCase(join(folder, `case-${nth}`), injector, { operation, fault, duration: duration as Duration, nth })
    untouched = result.hit.fired === 0 ? untouched + 1 : 0
    tell({ nth, ...result })
  } catch (error) {
    injector.disarm()
    tell({ nth, hit: injector.look(), codes: [], findings: [`the check threw ${describe(error)}`] })
  }
}
process.exit(0)
