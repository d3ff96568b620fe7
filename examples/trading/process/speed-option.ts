import { UNPACED } from '../feed/replay-schedule.js'
import { UsageError } from './expected-error.js'

/** Fills most of half a minute with the recorded captures. */
export const DEFAULT_SPEED = 1.5

/** Reads `--speed`: times the recorded pace. @throws {@link UsageError} */
export function parseSpeed(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SPEED
  if (text === 'max') return UNPACED
  const speed = Number(text)
  if (text.trim() === '' || !Number.isFinite(speed) || speed <= 0)
    throw new UsageError(`--speed is a number above 0, or max: ${text}`)
  return speed
}
