import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { median } from '@chronicle-ts/cli/bench'
import type { LargeQueueTask } from '../budgets/probes/large-queue.js'
import type { DashboardProbe } from './dashboard-probe.js'
import { StartedUi } from './started-ui.js'

/** Of 128 MiB each. */
const SEGMENTS = 80
const HEAD_MESSAGES = 500_000
const REQUESTS = 9

/** The page that opens when somebody asks for the messages of a large queue. */
export const newestMessages: DashboardProbe = {
  name: 'the newest messages of 10 GiB',
  measure: async ({ directory, payloadLength, quick }) => {
    const task: LargeQueueTask = {
      directory: join(directory, 'queue'),
      payloadLength,
      segments: quick ? 3 : SEGMENTS,
      headMessages: quick ? 1000 : HEAD_MESSAGES,
      ending: 'close',
    }
    const program = join(import.meta.dirname, '../budgets/probes/large-queue.js')
    const { nextSequence } = JSON.parse(execFileSync(process.execPath, [program, JSON.stringify(task)], { encoding: 'utf8' }))
    await using ui = await StartedUi.start(directory)
    const id = await ui.queueId()
    const [newestFirstMs = Number.NaN, ...later] = await timesOf(() => askNewest(ui, id, nextSequence))
    return { newestFirstMs, newestMs: median(later) }
  },
}

async function timesOf(work: () => Promise<void>): Promise<number[]> {
  const times: number[] = []
  for (let request = 0; request < REQUESTS; request += 1) {
    const begun = performance.now()
    await work()
    times.push(performance.now() - begun)
  }
  return times
}

async function askNewest(ui: StartedUi, id: string, nextSequence: number): Promise<void> {
  const { messages } = await ui.ask<{ messages: { sequence: number }[] }>(`/api/queues/${id}/messages?limit=100`)
  if (messages.length !== 100 || messages.at(-1)?.sequence !== nextSequence - 1)
    throw new Error('these are not the newest messages')
}
