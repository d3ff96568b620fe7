import { LATENCY_MODES } from '../../latency/latency-mode.js'
import { measureLatency } from '../../latency/measure-latency.js'
import type { Figures, Probe } from '../probe.js'

const KEYS: Readonly<Record<string, string>> = {
  'busySpin, in the thread': 'busySpin',
  'park, waitAsync': 'waitAsync',
  'Unix socket': 'socket',
}

/** From the instant that a message is due to the instant that another process has it; the waiting one has parked long before the next is due. */
export const oneWay: Probe = {
  name: 'one way between two processes',
  measure: async ({ directory, payloadLength, latencySeconds }) => {
    const figures: Figures[] = []
    for (const mode of LATENCY_MODES) {
      const key = KEYS[mode.name]
      if (key === undefined) continue
      const { p50, p99 } = await measureLatency(mode, { directory, payloadLength, seconds: latencySeconds })
      figures.push({ [`${key}P50Us`]: p50 / 1e3, [`${key}P99Us`]: p99 / 1e3 })
    }
    return Object.assign({}, ...figures)
  },
}
