import { whenQueueAppears } from '@chronicle-ts/bus'
import { openReader } from '@chronicle-ts/core'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { decodePipelineMessage, END_TYPE } from './pipeline-message.js'

export interface SinkResult {
  readonly sum: number
  readonly distinct: number
  /** Messages that came twice. C recognises and drops them, which is the other way to make it exactly once. */
  readonly repeats: number
  readonly missing: number
}

/** C: adds up. */
await runRole(async ([fromB = '']) => {
  await whenQueueAppears(fromB)
  using input = openReader(fromB, 'sink')
  let sum = 0
  let distinct = 0
  let repeats = 0
  let missing = 0
  let nextSource = 0
  for await (const { typeId, payload } of input.messages()) {
    const { sourceSequence, value } = decodePipelineMessage(payload)
    if (sourceSequence < nextSource) repeats++
    else if (typeId === END_TYPE) break
    else {
      missing += sourceSequence - nextSource
      nextSource = sourceSequence + 1
      sum += value
      distinct++
    }
    input.commit()
  }
  const result: SinkResult = { sum, distinct, repeats, missing }
  await report(result)
})
