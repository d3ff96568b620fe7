import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Figures, Probe, ProbeContext } from '../probe.js'
import { runProgram } from '../run-program.js'
import type { LargeQueueTask } from './large-queue.js'
import type { TimedOpenTask } from './timed-open.js'

const SEGMENTS = 80
const HEAD_MESSAGES = 500_000

/** Opening ten gibibytes, each time in a process that was just started: nothing is compiled yet. */
export const opening: Probe = {
  name: 'opening a queue of 10 GiB',
  measure: (context) => ({ ...measureClosed(context), ...measureKilled(context) }),
}

function measureClosed(context: ProbeContext): Figures {
  const task = makeTask(context, 'closed', 'close')
  const { nextSequence } = runProgram<{ nextSequence: number }>('large-queue', task)
  const openReaderMs = timedOpen({ directory: task.directory, as: 'reader', nextSequence })
  const openWriterMs = timedOpen({ directory: task.directory, as: 'writer', nextSequence })
  return { openReaderMs, openWriterMs }
}

function measureKilled(context: ProbeContext): Figures {
  const task = makeTask(context, 'killed', 'kill')
  const program = join(import.meta.dirname, 'large-queue.js')
  const { signal, stdout, stderr } = spawnSync(process.execPath, [program, JSON.stringify(task)], { encoding: 'utf8' })
  if (signal !== 'SIGKILL') throw new Error(`the writer was to be killed: ${stderr}`)
  const { nextSequence } = JSON.parse(stdout)
  return { openKilledWriterMs: timedOpen({ directory: task.directory, as: 'writer', nextSequence }) }
}

function makeTask(context: ProbeContext, name: string, ending: LargeQueueTask['ending']): LargeQueueTask {
  const { quick, payloadLength } = context
  return {
    directory: join(context.directory, name),
    payloadLength,
    segments: quick ? 4 : SEGMENTS,
    headMessages: quick ? 1_000 : HEAD_MESSAGES,
    ending,
  }
}

function timedOpen(task: TimedOpenTask): number {
  return runProgram<{ ms: number }>('timed-open', task).ms
}
