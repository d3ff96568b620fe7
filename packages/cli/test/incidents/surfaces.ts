import { QueueBoard, queuesBelow } from '../../src/commands/monitor/queue-board.js'
import { QueueCatalog } from '../../src/commands/ui/queue-catalog.js'
import { runCli } from '../support/run-cli.js'

/** What one surface says about a root: its exit code, where it has one, and every condition that is not ok, by code. */
export interface SurfaceReading {
  readonly exitCode: number | undefined
  readonly codes: readonly string[]
  readonly queues: number
}

/** One screen, command or page. */
export interface Surface {
  readonly name: string
  look(): SurfaceReading | Promise<SurfaceReading>
}

interface StateJson {
  readonly conditions: readonly { readonly code: string; readonly word: string }[]
}

/** Every surface that shows states, over one root. */
export function surfacesOf(root: string): readonly Surface[] {
  const board = new QueueBoard(queuesBelow(root))
  const catalog = new QueueCatalog(root)
  return [
    {
      name: 'inspect',
      look: () => fromStates(runCli(['inspect', root, '--json']), (json) => statesOf(json).map(({ state }) => state)),
    },
    {
      name: 'monitor',
      look: () => {
        board.update(Date.now(), performance.now())
        const codes = board.rows.flatMap(({ state }) => state.conditions.map(({ code }) => code))
        return { exitCode: undefined, codes, queues: board.rows.length }
      },
    },
    {
      name: 'metrics',
      look: () => {
        const { stdout, exitCode } = runCli(['metrics', root])
        const codes = [...stdout.matchAll(/^chronicle_condition\{.*code="(\w+)"/gm)].map(([, code = '']) => code)
        return { exitCode: exitCode === 0 ? undefined : 99, codes, queues: stdout.match(/^chronicle_queue_up\{/gm)?.length ?? 0 }
      },
    },
    {
      name: 'doctor',
      look: () => {
        const { stdout, exitCode } = runCli(['doctor', root, '--quick', '--json'])
        const { queues } = JSON.parse(stdout) as { queues: { findings: { code: string; severity: string }[] }[] }
        const codes = queues.flatMap(({ findings }) =>
          findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code),
        )
        return { exitCode: exitCode ?? 99, codes, queues: queues.length }
      },
    },
    { name: 'check', look: () => fromStates(runCli(['check', root, '--json']), ({ queues }) => queues as StateJson[]) },
    {
      name: 'health',
      look: () => {
        const { stdout, exitCode } = runCli(['health', root, '--json'])
        const { queues } = JSON.parse(stdout) as { queues: { word: string; severity: string }[] }
        return {
          exitCode: exitCode ?? 99,
          codes: queues.filter(({ severity }) => severity !== 'ok').map(({ word }) => word),
          queues: queues.length,
        }
      },
    },
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

function statesOf(json: { queue?: { state: StateJson }; queues?: unknown }): { state: StateJson }[] {
  return json.queue === undefined ? (json.queues as { state: StateJson }[]) : [json.queue]
}

function fromStates(
  { stdout, exitCode }: { stdout: string; exitCode: number | null },
  read: (json: { queue?: { state: StateJson }; queues?: unknown }) => readonly StateJson[],
): SurfaceReading {
  const states = read(JSON.parse(stdout))
  return {
    exitCode: exitCode ?? 99,
    codes: states.flatMap(({ conditions }) => conditions.map(({ code }) => code)),
    queues: states.length,
  }
}
