/** Mends a queue whose writer was killed, as `doctor --repair` does, until it is killed itself. */
import { repairQueue } from '@chronicle-ts/core'
import { runProgram, say } from './talk.js'

const [directory = ''] = process.argv.slice(2)

runProgram(async () => {
  say({ kind: 'ready', detail: '' })
  const { outcomes } = repairQueue(directory)
  say({ kind: 'done', detail: outcomes.map((outcome) => outcome.step.kind).join(' ') })
})
