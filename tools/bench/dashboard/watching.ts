import { setTimeout as sleep } from 'node:timers/promises'
import type { DashboardProbe } from './dashboard-probe.js'
import { Publishing } from './publishing.js'
import { StartedUi } from './started-ui.js'

const QUEUES = 200
/** The first looks compile the code. That is over after some twenty of them, and a browser watches for hours. */
const WARM_UP_MS = 20_000
const MEASURED_MS = 10_000

/** The CPU time of the server while a browser watches, and while none does. */
export const watching: DashboardProbe = {
  name: 'watching 200 queues',
  measure: async ({ directory, quick }) => {
    await using _publishing = await Publishing.start(directory, quick ? 5 : QUEUES)
    await using ui = await StartedUi.start(directory)
    const measured = quick ? 500 : MEASURED_MS
    const unwatchedPercent = await cpuPercent(ui, measured / 2)
    const abort = new AbortController()
    const snapshots = countSnapshots(`${ui.url}/api/events`, abort.signal)
    await sleep(quick ? 100 : WARM_UP_MS)
    const watchingPercent = await cpuPercent(ui, measured)
    abort.abort()
    const count = await snapshots
    if (count < measured / 2000) throw new Error(`the browser got ${count} snapshots only`)
    return { watchingPercent, unwatchedPercent }
  },
}

async function cpuPercent(ui: StartedUi, ms: number): Promise<number> {
  const [beginSeconds, beginMs] = [ui.cpuSeconds, performance.now()]
  await sleep(ms)
  return ((ui.cpuSeconds - beginSeconds) / ((performance.now() - beginMs) / 1000)) * 100
}

async function countSnapshots(url: string, signal: AbortSignal): Promise<number> {
  let count = 0
  try {
    const response = await fetch(url, { signal })
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) count += decoder.decode(chunk).split('data: ').length - 1
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return count
}
