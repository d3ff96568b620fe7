import type { CommandContext } from './command-context.js'
import { takeTurn } from './interruptible.js'
import { ProgressLine } from './output/progress.js'

/** Work of the library that is done step by step, each short enough for the signals that come in it to wait. */
export interface SteppedWork {
  step(): boolean
  abandon?(): void
}

/**
 * Carries out stepped work: draws progress on a terminal, ends at Ctrl-C, and has what was made so far removed when it does not come to its end.
 *
 * @throws InterruptedError after Ctrl-C, and what the work throws.
 */
export async function runSteps(
  context: CommandContext,
  work: SteppedWork,
  progress: { readonly label: string; readonly at: () => { readonly bytes: number; readonly bytesTotal: number } },
): Promise<void> {
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
