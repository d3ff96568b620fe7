import { BusLayout } from '@chronicle-ts/bus'
import { InterruptedError } from '../process/expected-error.js'
import { createFolder, removeFolder, useFolder } from '../process/run-folder.js'
import { runProgram } from '../process/run-program.js'
import { Demo, strategyNames } from './demo.js'
import { DEMO_USAGE, type DemoOptions, parseDemoOptions } from './demo-options.js'
import { auditStrategies, type DemoSummary, isSound, summarise } from './demo-summary.js'
import { ProgressLine } from './progress-line.js'
import { renderSummary } from './render-summary.js'

const INTERRUPTED_EXIT_CODE = 130
const UNSOUND_EXIT_CODE = 2

const progress = new ProgressLine(process.stderr)

async function main(): Promise<void> {
  // A reader of only the first lines of the output closes the pipe; that is not a failure of the demo.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const options = parseDemoOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(DEMO_USAGE)
    return
  }
  const folder = options.root === undefined ? createFolder({ program: 'demo', keep: options.keep }) : useFolder(options.root)
  try {
    const summary = await play(options, folder.root)
    console.log(options.json ? JSON.stringify(summary, undefined, 2) : renderSummary(summary).join('\n'))
    if (!isSound(summary)) process.exitCode = UNSOUND_EXIT_CODE
  } catch (error) {
    if (!(error instanceof InterruptedError)) {
      console.error(`Stopped; what was written so far is in ${folder.root}`)
      throw error
    }
    removeFolder(folder)
    console.error('Interrupted: all processes are stopped')
    process.exitCode = INTERRUPTED_EXIT_CODE
  }
}

async function play(options: DemoOptions, root: string): Promise<DemoSummary> {
  const layout = new BusLayout(root)
  const before = auditStrategies(layout, strategyNames(options))
  const interrupt = new AbortController()
  const demo = new Demo(options, root, { progress, interrupt: interrupt.signal })
  const onSignal = () => {
    // After the second request it does not wait.
    if (interrupt.signal.aborted) demo.killAll()
    interrupt.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  try {
    const run = await demo.run()
    progress.clear()
    return await summarise(demo, { run, layout, before })
  } finally {
    progress.clear()
    await demo.stop()
  }
}

await runProgram(main)
