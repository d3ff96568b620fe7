import { join } from 'node:path'
import type { Figures, Probe } from '../probe.js'
import { runProgram } from '../run-program.js'
import type { HeapTask } from './heap-run.js'

/** Enough for an object per message to show beyond any doubt. */
export const heap: Probe = {
  name: 'heap over 10 million appends and reads',
  measure: ({ directory, payloadLength, quick }) => {
    const task: HeapTask = { directory: join(directory, 'queue'), payloadLength, messages: quick ? 200_000 : 10_000_000 }
    return runProgram<Figures>('heap-run', task, ['--max-semi-space-size=64'])
  },
}
