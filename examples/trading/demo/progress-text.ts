import type { Cast } from './cast.js'
import { formatCount } from './format-number.js'

/** How things stand, in one line; what matters most stands first, because a narrow terminal cuts the rest. */
export function progressText(cast: Cast, fraction: number): string {
  const starting = cast.current.filter(({ report }) => report === undefined).length
  if (starting > 0 && fraction === 0) return `starting ${starting} of ${cast.current.length} processes`
  const messages = cast.feeds.reduce((sum, { state }) => sum + (state?.messages ?? 0), 0)
  const states = cast.strategies.map(({ lives }) => lives.findLast(({ state }) => state !== undefined)?.state)
  const orders = states.reduce((sum, state) => sum + (state?.orders ?? 0), 0)
  const answers = states.reduce((sum, state) => sum + (state?.answers ?? 0), 0)
  const running = cast.strategies.filter(
    ({ lives }) => lives.at(-1)?.report !== undefined && lives.at(-1)?.end === undefined,
  ).length
  return [
    `${String(Math.floor(fraction * 100)).padStart(3)} %`,
    `${formatCount(messages)} messages`,
    `${formatCount(orders)} orders`,
    `${formatCount(answers)} answers`,
    `${running}/${cast.strategies.length} strategies`,
  ].join('  ')
}
