import { readdirSync, readFileSync } from 'node:fs'

const TASKS = '/proc/self/task'
const PATIENCE_MS = 60_000

/** Returns when the addon's threads have nothing left to do: segments are reserved, populated and synced. Blocks the thread. */
export function settle(): void {
  const deadline = performance.now() + PATIENCE_MS
  for (let quiet = 0; quiet < 3; pause()) {
    quiet = isAnyBusy() ? 0 : quiet + 1
    if (performance.now() > deadline) throw new Error('the background threads have work without end')
  }
}

function isAnyBusy(): boolean {
  return readdirSync(TASKS).some((task) => {
    // Name and state: `123 (chronicle-prep) S ...`.
    const [, name = '', state = ''] = /\((.*)\) (\S)/.exec(readStat(task)) ?? []
    return name.startsWith('chronicle-') && state !== 'S'
  })
}

/** A thread may end between the listing and the look. */
function readStat(task: string): string {
  try {
    return readFileSync(`${TASKS}/${task}/stat`, 'utf8')
  } catch {
    return ''
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
}
