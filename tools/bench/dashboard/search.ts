import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import type { DashboardProbe } from './dashboard-probe.js'
import { StartedUi } from './started-ui.js'

const MESSAGES = 2_000_000
const BATCH = 1000

interface Found {
  readonly matches: readonly { readonly sequence: number }[]
  readonly looked: number
  readonly cursor: { readonly segmentId: number; readonly offset: number } | null
}

/** A search through a whole queue for a text that one message has, request by request, as the page does it. */
export const search: DashboardProbe = {
  name: 'a search through two million messages',
  measure: async ({ directory, payloadLength, quick }) => {
    const count = quick ? 20_000 : MESSAGES
    fill(join(directory, 'queue'), count, payloadLength)
    await using ui = await StartedUi.start(directory)
    const id = await ui.queueId()
    const begun = performance.now()
    let [looked, matches] = [0, 0]
    let cursor = ''
    do {
      const found = await ui.ask<Found>(`/api/queues/${id}/search?text=needle${cursor}`)
      looked += found.looked
      matches += found.matches.length
      cursor = found.cursor === null ? '' : `&segment=${found.cursor.segmentId}&offset=${found.cursor.offset}`
    } while (cursor !== '')
    const elapsedMs = performance.now() - begun
    if (looked !== count || matches !== 1) throw new Error(`${matches} found in ${looked} of ${count} messages`)
    return { searchNs: (elapsedMs * 1e6) / count }
  },
}

/** One of the messages, the first, has the text. */
function fill(directory: string, count: number, payloadLength: number): void {
  using writer = openWriter(directory)
  const payload = Buffer.alloc(payloadLength, 'hay ')
  const batch = Array.from({ length: BATCH }, () => ({ typeId: 1, payload }))
  writer.append(1, Buffer.from('a needle'.padEnd(payloadLength)))
  writer.appendBatch(batch.slice(1))
  for (let done = BATCH; done < count; done += BATCH) writer.appendBatch(batch)
}
