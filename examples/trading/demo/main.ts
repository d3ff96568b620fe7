import { BusLayout } from '@chronicle-ts/bus'
import { createFolder, type RunFolder, removeFolder, useFolder } from '../process/run-folder.js'
import { runProgram } from '../process/run-program.js'
import { Cast, strategyNames } from './cast.js'
import { DemoDirector } from './demo-director.js'
import { InterruptedError } from './demo-error.js'
import { DEMO_USAGE, type DemoOptions, parseDemoOptions } from './demo-options.js'
import { auditStrategies, type DemoSummary, isSound, summarise } from './demo-summary.js'
import { ProgressLine } from './progress-line.js'
import { renderSummary } from './render-summary.js'

const INTERRUPTED_EXIT_CODE = 130
const UNSOUND_EXIT_CODE = 2

async function main(): Promise<void> {
  // A reader of only the first lines of the output closes the pipe; that is not a failure of the demo.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const options = parseDemoOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(DEMO_USAGE)
    return
  }
  const folder = options.root === undefined ? createFolder({ program: 'demo', keep: options.keep }) : useFolder(options.root)
  const progress = new ProgressLine(process.stderr)
  try {
    const summary = await playDemo(options, folder, progress)
    progress.clear()
    console.log(options.json ? JSON.stringify(summary, undefined, 2) : renderSummary(summary).join('\n'))
    if (!isSound(summary)) process.exitCode = UNSOUND_EXIT_CODE
  } catch (error) {
    progress.clear()
    if (!(error instanceof InterruptedError)) {
      console.error(`Stopped; what was written so far is in ${folder.root}`)
      throw error
    }
    removeFolder(folder)
    console.error('Interrupted: all processes are stopped')
    process.exitCode = INTERRUPTED_EXIT_CODE
  }
}

async function playDemo(options: DemoOptions, folder: RunFolder, progress: ProgressLine): Promise<DemoSummary> {
  const layout = new BusLayout(folder.root)
  const before = auditStrategies(layout, strategyNames(options))
  const cast = new Cast(options, folder.root)
  const interrupt = new AbortController()
  const onSignal = () => {
    // After the second request it does not wait.
    if (interrupt.signal.aborted) cast.killAll()
    interrupt.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  try {
    const run = await new DemoDirector(cast, progress, interrupt.signal).run()
    progress.clear()
    return await summarise(cast, run, layout, before)
  } finally {
    await cast.stop()
  }
}

await runProgram(main)
