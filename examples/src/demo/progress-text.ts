import type { Cast } from './cast.js'
import { formatCount } from './format-number.js'

/** How things stand, in one line; what matters most stands first, because a narrow terminal cuts the rest. */
export function progressText(cast: Cast, fraction: number): string {
  const starting = cast.current.filter(({ report }) => report === undefined).length
  if (starting > 0 && fraction === 0) return `starting ${starting} of ${cast.current.length} processes`
  const messages = cast.feeds.reduce((sum, { state }) => sum + (state?.messages ?? 0), 0)
  const lives = cast.strategies.map(({ lives: all }) => all.at(-1))
  const orders = lives.reduce((sum, life) => sum + (life?.state?.orders ?? 0), 0)
  const answers = lives.reduce((sum, life) => sum + (life?.state?.answers ?? 0), 0)
  const running = lives.filter((life) => life?.report !== undefined && life.end === undefined).length
  return [
    `${String(Math.floor(fraction * 100)).padStart(3)} %`,
    `${formatCount(messages)} messages`,
    `${formatCount(orders)} orders`,
    `${formatCount(answers)} answers`,
    `${running}/${lives.length} strategies`,
  ].join('  ')
}
