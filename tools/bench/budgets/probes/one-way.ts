import { runFloor } from '../../floor/compile-floor.js'
import { LATENCY_MODES } from '../../latency/latency-mode.js'
import { measureLatency } from '../../latency/measure-latency.js'
import type { Figures, Probe, ProbeContext } from '../probe.js'

interface Way {
  readonly key: string
  /** The way of the C program that does the same with one word. */
  readonly floor?: 'spin' | 'futex' | 'thread'
}

const WAYS: Readonly<Record<string, Way>> = {
  'busySpin, in the thread': { key: 'busySpin', floor: 'spin' },
  'park, in the thread': { key: 'park', floor: 'futex' },
  'park, waitAsync': { key: 'waitAsync', floor: 'thread' },
  'Unix socket': { key: 'socket' },
}

/** From the instant that a message is due to the instant that another process has it; the waiting one has parked long before the next is due. */
export const oneWay: Probe = {
  name: 'one way between two processes',
  measure: async (context) => {
    const { directory, payloadLength, latencySeconds } = context
    const figures: Figures[] = []
    for (const mode of LATENCY_MODES) {
      const way = WAYS[mode.name]
      if (way === undefined) continue
      const { p50Ns, p99Ns } = await measureLatency(mode, { directory, payloadLength, seconds: latencySeconds })
      const { key, floor } = way
      figures.push({ [`${key}P50Us`]: p50Ns / 1e3, [`${key}P99Us`]: p99Ns / 1e3 })
      if (floor === undefined) continue
      const floorP50 = measureFloor(context, floor, mode.messagesPerSecond)
      figures.push({ [`${key}FloorP50Us`]: floorP50 / 1e3, [`${key}PerFloor`]: p50Ns / floorP50 })
    }
    return Object.assign({}, ...figures)
  },
}

function measureFloor({ floor, latencySeconds }: ProbeContext, way: string, messagesPerSecond: number): number {
  const count = Math.ceil(messagesPerSecond * latencySeconds)
  return runFloor<{ p50Ns: number }>(floor.oneWayProgram, way, messagesPerSecond, count).p50Ns
}
