/**
 * Runs with the library preloaded: one operation, fault by fault, with the fault at the first call that can give it, at the second, ... until a run passes untouched.
 * Arguments: control file, folder, operation, first n, last n, stride of n, then the rows: fault and duration, one after the other. Prints a line of JSON before and after each case.
 */
import { join } from 'node:path'
import { type Duration, FAULTS, type Fault, OUT_OF_MEMORY } from './fault.js'
import { Injector } from './injector.js'
import { describe } from './ledger.js'
import { OPERATIONS, type Operation } from './operations/index.js'
import { type CaseResult, runCase } from './run-case.js'

/** Threads take turns differently in every run, so that one may have a call less: only several in a row mean that the calls have ended. */
const UNTOUCHED_RUNS = 2

const [control = '', folder = '', operationName = '', first = '1', last = '100000', stepText = '1', ...rows] =
  process.argv.slice(2)
const stride = Number(stepText)
const injector = new Injector(control)
const operation = found(OPERATIONS, operationName)

for (let row = 0; row < rows.length; row += 2) {
  const fault = found([...FAULTS, OUT_OF_MEMORY], rows[row] ?? '')
  await runRow(
    operation,
    { row: row / 2, fault, duration: rows[row + 1] as Duration },
    row === 0 ? Number(first) : 1 + ((row / 2) % stride),
  )
}
process.exit(0)

async function runRow(
  operation: Operation,
  plan: { row: number; fault: Fault; duration: Duration },
  from: number,
): Promise<void> {
  const { row } = plan
  const untouchedMax = stride === 1 ? UNTOUCHED_RUNS : 1
  for (let nth = from, untouched = 0; nth <= Number(last) && untouched < untouchedMax; nth += stride) {
    tell({ row, begins: nth })
    const result = await guardedCase(operation, { ...plan, nth })
    untouched = result.hit.fired === 0 ? untouched + 1 : 0
    tell({ row, nth, ...result })
  }
}

async function guardedCase(
  operation: Operation,
  { row, fault, duration, nth }: { row: number; fault: Fault; duration: Duration; nth: number },
): Promise<CaseResult> {
  try {
    return await runCase(join(folder, `case-${row}-${nth}`), injector, { operation, fault, duration, nth })
  } catch (error) {
    return { hit: injector.disarm(), codes: [], findings: [`the check threw ${describe(error)}`] }
  }
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function found<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const one = all.find((candidate) => candidate.name === name)
  if (one === undefined) throw new Error(`there is nothing of the name ${name}`)
  return one
}
