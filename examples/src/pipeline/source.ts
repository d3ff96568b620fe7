import { openWriter } from '@chronicle-ts/core'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { END_TYPE, encodePipelineMessage, NUMBER_TYPE } from './pipeline-message.js'

/** A: the numbers from 1 on. */
await runRole(async ([directory = '', count]) => {
  using output = openWriter(directory, { segmentSize: 64 * 1024 })
  for (let value = 1; value <= Number(count); value++) {
    output.append(NUMBER_TYPE, encodePipelineMessage({ sourceSequence: output.nextSequence, value }))
  }
  output.append(END_TYPE, encodePipelineMessage({ sourceSequence: output.nextSequence, value: 0 }))
  await report('done')
})
