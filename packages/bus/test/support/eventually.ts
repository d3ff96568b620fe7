import { setTimeout as delay } from 'node:timers/promises'

/** How long a test waits for what must happen: far longer than it takes on a machine under full load, shorter than the test's own limit. */
const PATIENCE_MS = 30_000

/** Waits until `condition` holds. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited too long until ${what}`)
    await delay(2)
  }
}
