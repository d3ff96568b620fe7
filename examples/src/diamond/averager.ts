import { setTimeout as sleep } from 'node:timers/promises'
import { whenQueueAppears } from '@chronicle-ts/bus'
import { openReader, openWriter } from '@chronicle-ts/core'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { AVERAGE_TYPE, decodeNumber, encodeNumber } from './number-message.js'

/** Pauses at random moments, so that no two runs have the same timing. */
const PAUSE_CHANCE = 0.01
const MAX_PAUSE_MS = 3

/** B and C: an exponential average of all prices, each stamped like the price that it follows from. */
await runRole(async ([prices = '', averages = '', span, count]) => {
  await whenQueueAppears(prices)
  using input = openReader(prices, `average-${span}`)
  using output = openWriter(averages, { segmentSize: 64 * 1024 })
  const weight = 2 / (Number(span) + 1)
  let average: number | undefined
  for await (const message of input.messages()) {
    const price = decodeNumber(message.payload)
    average = average === undefined ? price : average + (price - average) * weight
    // The time of the event goes along unchanged: it is what D puts the two streams back together by.
    output.append(AVERAGE_TYPE, encodeNumber(average), { timestampNs: message.timestampNs })
    const isLast = message.sequence === Number(count) - 1
    input.commit()
    if (isLast) break
    if (Math.random() < PAUSE_CHANCE) await sleep(Math.random() * MAX_PAUSE_MS)
  }
  await report('done')
})
