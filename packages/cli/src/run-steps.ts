import type { CommandContext } from './command-context.js'
import { InterruptedError } from './command-error.js'
import { takeTurn } from './interruptible.js'
import { ProgressLine } from './output/progress.js'

/** Work of the library that is done step by step, each short enough for the signals that come in it to wait. */
export interface SteppedWork {
  step(): boolean
  abandon?(): void
}

/** How far stepped work is, for the line on a terminal. */
interface StepProgress {
  readonly label: string
  readonly at: () => { readonly bytes: number; readonly bytesTotal: number }
}

/**
 * Carries out stepped work: draws progress on a terminal, ends at Ctrl-C, and has what was made so far removed when it does not come to its end.
 *
 * @throws InterruptedError after Ctrl-C, and what the work throws.
 */
export async function runSteps(context: CommandContext, work: SteppedWork, progress: StepProgress): Promise<void> {
  const line = new ProgressLine(process.stderr, progress.label)
  try {
    for (;;) {
      await takeTurn(context)
      if (!work.step()) return
      const { bytes, bytesTotal } = progress.at()
      line.update(bytes, bytesTotal)
    }
  } catch (error) {
    work.abandon?.()
    throw error
  } finally {
    line.clear()
  }
}

/** {@link runSteps} of work of which a part is worth a report. Returns whether it came to its end, which Ctrl-C prevents. @throws what the work throws. */
export async function runStepsAsFarAsPossible(
  context: CommandContext,
  work: SteppedWork,
  progress: StepProgress,
): Promise<boolean> {
  try {
    await runSteps(context, work, progress)
    return true
  } catch (error) {
    if (error instanceof InterruptedError) return false
    throw error
  }
}
