import { expect, it, onTestFinished } from 'vitest'
import type { CommandContext } from './command-context.js'
import { InterruptedError } from './command-error.js'
import { runSteps } from './run-steps.js'

it('L68: a signal in a step reaches the handlers of the process, and what was made so far is removed after that step', async () => {
  const abort = new AbortController()
  const hear = () => abort.abort()
  process.on('SIGINT', hear)
  onTestFinished(() => void process.off('SIGINT', hear))
  const done: string[] = []
  const work = {
    step: () => {
      if (done.length === 0) process.kill(process.pid, 'SIGINT')
      done.push('step')
      return true
    },
    abandon: () => void done.push('abandoned'),
  }
  const context = { signal: abort.signal } as CommandContext
  const running = runSteps(context, work, { label: 'test', at: () => ({ bytes: 0, bytesTotal: 0 }) })
  await expect(running).rejects.toThrow(InterruptedError)
  expect(abort.signal.aborted).toBe(true)
  expect(done.at(0)).toBe('step')
  expect(done.at(-1)).toBe('abandoned')
})
