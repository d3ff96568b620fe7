import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkClose, checkRecords, checkReopen, resourcesNow } from './check-case.js'
import type { Duration, Fault } from './fault.js'
import type { Hit, Injector } from './injector.js'
import { describe } from './ledger.js'
import type { Operation } from './operations/index.js'
import { QueueCase } from './queue-case.js'

/** What became of an operation in which one call, or all from one on, failed. */
export interface CaseResult {
  readonly hit: Hit
  /** Codes that the operation gave. */
  readonly codes: readonly string[]
  readonly findings: readonly string[]
}

/** Runs the operation in a fresh folder and checks everything that must hold afterwards. */
export async function runCase(
  folder: string,
  injector: Injector,
  { operation, fault, duration, nth }: { operation: Operation; fault: Fault; duration: Duration; nth: number },
): Promise<CaseResult> {
  const resources = resourcesNow()
  const queue = new QueueCase(folder, operation.directory)
  const { ledger } = queue
  await operation.prepare(queue)
  await backgroundRests()
  let hit: Hit
  injector.arm(fault, duration, nth)
  try {
    await operation.run(queue)
    await settle(injector)
  } catch (error) {
    ledger.find(`the operation threw ${describe(error)}`)
  } finally {
    hit = injector.disarm()
  }
  await operation.look?.(queue)
  const codes = ledger.failures.map(({ doing, code }) => `${doing}: ${code}`)
  if (hit.fired === 0 || fault.isHarmless === true)
    for (const { doing, code, text } of ledger.failures)
      ledger.find(`${doing} failed although it could do its work: ${code} ${text}`)
  await retry(queue, operation, fault)
  if (operation.deletes !== true) checkRecords(queue, 'after a retry')
  await checkClose(queue, resources)
  await checkReopen(queue)
  await checkClose(queue, resources)
  rmSync(folder, { recursive: true, force: true })
  return { hit, codes, findings: [...ledger.findings] }
}

async function retry(queue: QueueCase, operation: Operation, fault: Fault): Promise<void> {
  const { ledger } = queue
  const before = ledger.failures.length
  try {
    await (operation.retry ?? operation.run).call(operation, queue)
    await operation.check?.(queue)
  } catch (error) {
    ledger.find(`the retry threw ${describe(error)}`)
  }
  if (fault.passes !== true && fault.isHarmless !== true) return
  for (const { doing, code, text } of ledger.failures.slice(before))
    if (operation.lasting?.includes(code) !== true)
      ledger.find(`when ${fault.name} is over, ${doing} still fails: ${code} ${text}`)
}

/** What the preparation left to background threads is not part of the operation. */
async function backgroundRests(): Promise<void> {
  await sleep(2)
}

/** What the operation left to background threads is part of it: waits until no call comes any more. */
async function settle(injector: Injector): Promise<void> {
  for (let counted = -1; counted !== injector.look().counted; await sleep(2)) counted = injector.look().counted
}
