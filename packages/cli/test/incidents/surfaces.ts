import { QueueBoard, queuesBelow } from '../../src/commands/monitor/queue-board.js'
import { QueueCatalog } from '../../src/commands/ui/queue-catalog.js'
import { runCli } from '../support/run-cli.js'
import { readingOfCommand, readingOfMetrics, type SurfaceReading } from './readings.js'

/** One screen, command or page, looked at without starting a program for it. */
export interface Surface {
  readonly name: string
  look(): SurfaceReading
}

/** Every surface that shows states, over one root. */
export function surfacesOf(root: string): readonly Surface[] {
  const board = new QueueBoard(queuesBelow(root))
  const catalog = new QueueCatalog(root)
  const command = (name: 'inspect' | 'doctor' | 'check' | 'health', ...options: string[]): Surface => ({
    name,
    look: () => readingOfCommand(name, runCli([name, root, '--json', ...options])),
  })
  return [
    command('inspect'),
    {
      name: 'monitor',
      look: () => {
        board.update(Date.now(), performance.now())
        const codes = board.rows.flatMap(({ state }) => state.conditions.map(({ code }) => code))
        return { exitCode: undefined, codes, queues: board.rows.length }
      },
    },
    { name: 'metrics', look: () => readingOfMetrics(runCli(['metrics', root]).stdout) },
    command('doctor', '--quick'),
    command('check'),
    command('health'),
    {
      name: 'ui',
      look: () => {
        const { queues } = catalog.snapshot()
        const codes = queues.filter(({ severity }) => severity !== 'ok').map(({ word }) => word)
        return { exitCode: undefined, codes, queues: queues.length }
      },
    },
  ]
}
