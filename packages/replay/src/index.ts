export { openReplay, Replay } from './replay.js'
export type { ReplayClock, ReplayTimer } from './replay-clock.js'
export type { ReplayHandler, ReplayOptions, ReplaySource } from './replay-options.js'
